// Tells an operator that a request has come in: a notification of the browser and a short sound, both only if wanted.
const KEY = "throughline.alerts"
const pages = new WeakMap()
const beep = () => {
  const Audio = window.AudioContext || window.webkitAudioContext
  if (!Audio) return
  const context = new Audio(), gain = context.createGain()
  gain.connect(context.destination)
  gain.gain.setValueAtTime(0.0001, context.currentTime)
  for (const [from, pitch] of [[0, 740], [0.16, 988]]) {
    const tone = context.createOscillator()
    tone.frequency.value = pitch
    tone.connect(gain)
    tone.start(context.currentTime + from)
    tone.stop(context.currentTime + from + 0.13)
  }
  gain.gain.exponentialRampToValueAtTime(0.08, context.currentTime + 0.03)
  gain.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 0.34)
  setTimeout(() => context.close(), 600)
}
const on = () => { try { return localStorage.getItem(KEY) === "on" } catch { return false } }
const keep = value => { try { localStorage.setItem(KEY, value ? "on" : "off") } catch { /* private windows keep nothing */ } }

export default function ({ data, parentElement }) {
  const box = parentElement.querySelector("button"), text = parentElement.querySelector(".says")
  if (!box || !data) return
  const me = pages.get(parentElement) ?? { known: new Set(data.open) }
  pages.set(parentElement, me)
  const paint = () => {
    const blocked = "Notification" in window && Notification.permission === "denied"
    box.setAttribute("aria-checked", String(on()))
    text.textContent = !on() ? "Alert me about new requests" : blocked ? "Alerts: sound only" : "Alerts are on"
    box.title = blocked ? "This browser does not allow notifications for the console; the sound still plays." : ""
  }
  box.onclick = async () => {
    keep(!on())
    if (on() && "Notification" in window && Notification.permission === "default") await Notification.requestPermission()
    if (on()) beep()
    paint()
  }
  const fresh = data.open.filter(number => !me.known.has(number))
  me.known = new Set(data.open)
  if (fresh.length && on()) {
    beep()
    if ("Notification" in window && Notification.permission === "granted") {
      // The number alone: a notification lies open on a desk, and names belong to the page.
      const note = new Notification("A request waits for a decision", { body: `A-${fresh[0]}`, tag: "throughline", icon: "app/static/icon.svg" })
      note.onclick = () => { window.focus(); note.close() }
    }
  }
  parentElement.querySelector(".root")?.setAttribute("data-fresh", String(fresh.length))
  paint()
}
