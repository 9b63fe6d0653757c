// The buyer's page: draws the line, and asks for a place on it only when Call is pressed.
const at = id => document.getElementById(id)
const ask = what => fetch(`${location.pathname}/${what}`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}", keepalive: what === "leave" })
const draw = line => {
  const on = line.state === "connected", busy = on || line.state === "connecting" || line.state === "microphone"
  document.querySelector(".lamp").dataset.state = line.state
  at("state").textContent = on ? (line.muted ? "You are muted" : agentStates[line.agent] ?? lineStates.connected) : lineStates[line.state]
  at("call").hidden = busy; at("call").textContent = line.state === "idle" ? "Call" : "Call again"
  at("mute").hidden = !on; at("mute").setAttribute("aria-pressed", String(line.muted)); at("mute").textContent = line.muted ? "Unmute" : "Mute"
  at("hangup").hidden = !busy
  at("fault").hidden = !line.fault; at("fault").textContent = line.fault
  at("said").replaceChildren(...line.said.filter(each => each.text.trim()).map(each => {
    const row = document.createElement("li"), who = document.createElement("b")
    row.className = each.mine ? "mine" : "agent"
    who.textContent = each.mine ? "You" : "Agent"
    row.append(who, document.createTextNode(each.text))
    return row
  }))
}
let line = new PhoneLine(draw)
at("call").onclick = async () => {
  line = Object.assign(new PhoneLine(draw), { said: line.said })
  const mine = line
  if (!(await mine.microphone())) return
  mine.set({ state: "connecting" })
  const answer = await ask("join").catch(() => null), told = await answer?.json().catch(() => null)
  if (mine.state === "over") return
  if (!answer?.ok || !told) {
    mine.close()
    mine.set({ state: "lost", fault: told?.problem ? `Not now: ${told.problem}. ${told.remedy}` : "We cannot be reached. Try again in a moment." })
    return
  }
  await mine.connect(told.url, told.token)
}
at("mute").onclick = () => line.mute()
at("hangup").onclick = () => { line.hangUp(); ask("leave").catch(() => null) }
addEventListener("pagehide", () => line.close())
