-- name: chat_turns
-- A conversation as its chat client shows it: the buyer's words of a turn, then the lines that answered on this channel.
select t.turn, t.at, t.turn_id, case when t.kind = 'words' and t.channel = 'chat' then t.sealed end as sealed,
       (select jsonb_agg(jsonb_build_object('id', p.speech_id, 'status', p.status, 'sealed', encode(p.sealed, 'base64'))
                         order by p.ordinal)
          from speech p where p.turn_id = t.turn_id and p.channel = 'chat') as lines
  from turns t
 where t.session_id = %(session_id)s and t.turn > %(after)s
 order by t.turn
 limit 200;
