// The invisible end of the push: one WebSocket, a rerun when something newer than what is drawn was announced, and
// again until the page has caught up; it reconnects with growing pauses.
const sockets = new WeakMap()
const newer = (a, b) => { const [x, n] = a.split("."), [y, m] = b.split("."); return x !== y || Number(n) > Number(m) }
const reconcile = (me, wait) => {
  clearTimeout(me.soon)
  if (me.closed || !me.heard || !newer(me.heard, me.seen)) return
  if (document.hidden) return                                        // a page in the background costs nothing
  me.soon = setTimeout(() => { me.fire(me.heard); reconcile(me, 2500) }, wait)
}
export default function ({ data, parentElement, setTriggerValue }) {
  const fire = n => setTriggerValue("tick", n)
  const known = sockets.get(parentElement)
  if (known && known.session === data.session) {
    Object.assign(known, { fire, token: data.token, seen: data.seen })
    reconcile(known, 250)
    return known.close
  }
  known?.close()
  const me = { session: data.session, token: data.token, seen: data.seen, fire, tries: 0, closed: false, heard: null }
  const mark = parentElement.querySelector("i")
  const open = () => {
    if (me.closed) return
    const url = new URL(data.path, document.baseURI)
    url.protocol = url.protocol.replace("http", "ws")
    url.searchParams.set("k", me.token)
    if (me.session) url.searchParams.set("s", me.session)
    const socket = (me.socket = new WebSocket(url))
    socket.onmessage = event => {
      const said = JSON.parse(event.data)
      me.heard = said.hello ?? said.news
      if (said.hello) { me.tries = 0; mark?.setAttribute("data-state", "open") }
      reconcile(me, 60)                                              // several commits of one turn are one rerun
    }
    socket.onclose = () => {
      mark?.setAttribute("data-state", "waiting")
      if (!me.closed) me.again = setTimeout(open, Math.min(15000, 400 * 2 ** me.tries++))
    }
  }
  const shown = () => reconcile(me, 0)
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
