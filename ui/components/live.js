// The invisible end of the push: one WebSocket, one trigger per piece of news, reconnecting with growing pauses.
const sockets = new WeakMap()
export default function ({ data, parentElement, setTriggerValue }) {
  const fire = n => setTriggerValue("tick", n)
  const known = sockets.get(parentElement)
  if (known && known.session === data.session) { known.fire = fire; known.token = data.token; return known.close }
  known?.close()
  const me = { session: data.session, token: data.token, fire, tries: 0, closed: false, due: null, greeted: false }
  const mark = parentElement.querySelector("i")
  const news = n => {
    if (document.hidden) { me.due = n; return }                     // a page in the background costs nothing
    clearTimeout(me.soon)
    me.soon = setTimeout(() => me.fire(n), 60)                       // several commits of one turn are one rerun
  }
  const open = () => {
    if (me.closed) return
    const url = new URL(data.path, document.baseURI)
    url.protocol = url.protocol.replace("http", "ws")
    url.searchParams.set("k", me.token)
    if (me.session) url.searchParams.set("s", me.session)
    const socket = (me.socket = new WebSocket(url))
    socket.onmessage = event => {
      const said = JSON.parse(event.data)
      if (said.hello) {
        me.tries = 0
        mark?.setAttribute("data-state", "open")
        if (me.greeted) news(Date.now())                             // something may have happened while it was away
        me.greeted = true
      } else news(said.news)
    }
    socket.onclose = () => {
      mark?.setAttribute("data-state", "waiting")
      if (!me.closed) me.again = setTimeout(open, Math.min(15000, 400 * 2 ** me.tries++))
    }
  }
  const shown = () => { if (!document.hidden && me.due !== null) { const n = me.due; me.due = null; me.fire(n) } }
  document.addEventListener("visibilitychange", shown)
  me.close = () => {
    me.closed = true
    clearTimeout(me.soon); clearTimeout(me.again)
    me.socket?.close()
    document.removeEventListener("visibilitychange", shown)
    sockets.delete(parentElement)
  }
  sockets.set(parentElement, me)
  open()
  return me.close
}
