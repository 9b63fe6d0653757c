// The call bar. The line itself outlives this node: whoever goes to Approvals during a call stays on it.
const held = (globalThis.throughlineCall ??= { line: null, call: null, wish: 0, told: null, draw: null, loading: null, hungUp: "", who: "" })
const library = address => globalThis.LivekitClient ? Promise.resolve()
  : (held.loading ??= import(new URL(address, document.baseURI)).catch(fault => { held.loading = null; throw fault }))
const leave = () => {
  if (!held.call) return
  held.told("left", { call: held.call, hung_up: held.hungUp === held.call })
  held.call = null
}
const begin = async data => {
  held.who = data.who
  const before = held.line?.said ?? []
  const line = (held.line = new PhoneLine(mine => {
    if (held.line !== mine) return
    if (mine.state === "over" || mine.state === "lost") leave()
    held.draw()
  }))
  line.said = before
  if (!(await line.microphone())) return
  line.set({ state: "connecting" })
  try { await library(data.lib) } catch {
    line.close()
    return line.set({ state: "lost", fault: data.missing })
  }
  if (line.state === "connecting") held.told("call", (held.wish = Date.now()))
}
const join = data => {
  const wished = data.join && data.join.wish === held.wish, line = held.line
  if (data.refused && data.refused.wish === held.wish && line) {
    held.wish = 0
    line.close()
    line.set({ state: "lost", fault: data.refused.text })
  } else if (wished) {
    held.wish = 0
    held.call = data.join.call
    if (line?.state === "connecting") line.connect(data.join.url, data.join.token)
    else { held.hungUp = held.call; leave() }                          // hung up before there was a place on the call
  } else if (data.join && !held.wish && held.call !== data.join.call) {
    held.call = data.join.call                                         // it ended while another page was shown
    leave()
  }
}
const paint = (root, data) => {
  const line = held.line, state = line?.state ?? "idle", on = state === "connected"
  const busy = on || state === "connecting" || state === "microphone", find = name => root.querySelector(name)
  root.dataset.state = state
  const other = busy && held.who !== data.who
  find(".state").textContent = other ? `On a call as ${held.who}` : !on ? lineStates[state] : line.muted ? "You are muted" : agentStates[line.agent] ?? lineStates.connected
  find(".clock").textContent = on ? clockText((Date.now() - line.since) / 1000) : ""
  const call = find(".begin"), mute = find(".mute")
  call.hidden = busy; call.disabled = !data.ready; call.textContent = state === "idle" ? "Call" : "Call again"
  mute.hidden = !on; mute.textContent = line?.muted ? "Unmute" : "Mute"; mute.setAttribute("aria-pressed", String(Boolean(line?.muted)))
  find(".hangup").hidden = !busy
  const fault = find(".fault")
  fault.hidden = !line?.fault; fault.textContent = line?.fault ?? ""
  const voice = find(".voice")
  voice.hidden = busy; voice.textContent = data.voice; voice.className = `voice ${data.lamp}`
  const said = find(".said"), rows = (line?.said ?? []).filter(each => each.text.trim()).slice(-6)
  said.hidden = !rows.length
  said.replaceChildren(...rows.map(each => {
    const row = el("li", each.mine ? "mine" : "agent")
    row.append(el("b", "", each.mine ? "You" : "Agent"), el("span", "", each.text))
    return row
  }))
  said.scrollTop = said.scrollHeight
  const took = find(".took")
  took.hidden = !data.took; took.textContent = data.took
}
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".callbar")
  if (!root || !data) return
  held.told = (name, value) => setTriggerValue(name, value)
  held.draw = () => paint(root, data)
  root.querySelector(".begin").onclick = () => begin(data)
  root.querySelector(".mute").onclick = () => held.line?.mute()
  root.querySelector(".hangup").onclick = () => {
    held.hungUp = held.call
    held.line?.hangUp()
  }
  join(data)
  const idle = !held.line || held.line.state === "over" || held.line.state === "lost"
  if (idle && held.who !== data.who) Object.assign(held, { line: null, who: data.who })     // somebody else's words
  return every(parentElement, held.draw)
}
