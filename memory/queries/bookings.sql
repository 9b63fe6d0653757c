-- name: busy_between
-- Holds that ran out are free again; the session that asks is not in its own way.
select starts, ends from bookings
where resource = %(resource)s and starts < %(ends)s and ends > %(starts)s
  and (state = 'booked' or (state = 'hold' and (hold_until is null or hold_until > %(now)s)))
  and (%(but_session)s::uuid is null or state = 'booked' or session_id <> %(but_session)s)
order by starts;

-- name: expire_holds
-- Belongs before an insert in the same transaction: the exclusion constraint cannot look at the clock.
update bookings set state = 'expired', changed_at = %(now)s
where state = 'hold' and hold_until <= %(now)s and resource = %(resource)s and starts < %(ends)s and ends > %(starts)s;

-- name: booking_state
-- What became of a booking since an effect about it was committed.
select state from bookings where booking_id = %(booking_id)s;
