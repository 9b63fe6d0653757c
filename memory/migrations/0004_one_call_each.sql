-- A buyer is on one call at a time: who joins twice at once is in the same room, and a link finds the call however many there are.
alter table calls add column buyer text;  -- keyed digest of the identity
create unique index calls_buyer on calls (buyer) where state <> 'ended';
