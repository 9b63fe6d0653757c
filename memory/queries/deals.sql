-- name: contract_by_token
-- The accept page's look; the quote tells whether the offer still stands.
select k.contract_id, k.session_id, k.quote_hash, k.document_hash, k.status, k.sent_at, k.accepted_at, k.sealed,
       q.status as quote_status, q.valid_until, s.label
  from contracts k join quotes q using (quote_hash) join sessions s on s.session_id = k.session_id
 where k.token_hash = %(token_hash)s;

-- name: contract_lock
-- Two clicks on one link come one after the other.
select k.contract_id, k.session_id, k.quote_hash, k.document_hash, k.status, k.accepted_at, k.sealed,
       q.status as quote_status, q.valid_until
  from contracts k join quotes q using (quote_hash)
 where k.token_hash = %(token_hash)s
   for update of k;

-- name: contract_accept
-- One time only: whoever comes second changes nothing.
update contracts set status = 'accepted', accepted_at = %(now)s, changed_at = %(now)s, sealed = %(sealed)s
 where contract_id = %(contract_id)s and status = 'sent'
returning contract_id;

-- name: contract_state
-- What became of a contract since its link was committed.
select status from contracts where contract_id = %(object_id)s;

-- name: contract_accepted_for
-- Whether the order behind a payment was accepted in writing.
select exists (select 1 from contracts where session_id = %(session_id)s and quote_hash = %(quote_hash)s
  and status = 'accepted') as accepted;

-- name: payment_by_token
-- The payment page's look.
select p.payment_id, p.session_id, p.quote_hash, p.amount, p.currency, p.status, p.expires_at, p.changed_at, s.label
  from payments p join sessions s using (session_id)
 where p.token_hash = %(token_hash)s;

-- name: payment_lock
-- Two webhooks about one payment come one after the other.
select payment_id, session_id, quote_hash, amount, currency, status, expires_at, sealed from payments
 where payment_id = %(payment_id)s for update;

-- name: contract_token
-- The link of a contract, for whoever may hand it out.
select sealed from contracts where contract_id = %(contract_id)s;

-- name: payment_token
-- The link of a payment, for whoever may hand it out.
select sealed from payments where payment_id = %(payment_id)s;

-- name: payment_settle
-- The provider's word, once; the reference is sealed.
update payments set status = %(status)s, changed_at = %(now)s, sealed = %(sealed)s
 where payment_id = %(payment_id)s and status = 'open'
returning payment_id;

-- name: payment_state
-- What became of a payment since its link was committed.
select status from payments where payment_id = %(object_id)s;

-- name: deal_links
-- What a buyer of this session can still accept or pay.
select 'contract' as kind, contract_id as id, quote_hash, status, sealed, changed_at from contracts
 where session_id = %(session_id)s and status in ('sent', 'accepted')
union all
select 'payment', payment_id, quote_hash, status, sealed, changed_at from payments
 where session_id = %(session_id)s and status in ('open', 'paid')
order by changed_at, kind;
