// Placed before every component's own script. Text only ever goes through textContent: it may come from a buyer.
const el = (tag, cls, text) => {
  const node = document.createElement(tag)
  if (cls) node.className = cls
  if (text !== undefined && text !== null) node.textContent = String(text)
  return node
}
const COLORS = new Set(["blue", "violet", "green", "red", "orange", "yellow", "gray"])
const badge = (text, color) => {
  const node = el("span", "badge", text)
  const name = COLORS.has(color) ? color : "gray"
  node.style.setProperty("--c", `var(--st-${name}-text-color)`)
  node.style.setProperty("--b", `var(--st-${name}-background-color)`)
  return node
}
const clockText = seconds => {
  const s = Math.abs(Math.trunc(seconds)), two = n => String(n).padStart(2, "0")
  const text = s >= 86400 ? `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`
    : s >= 3600 ? `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))}`
    : `${Math.floor(s / 60)}:${two(s % 60)}`
  return seconds < 0 ? `${text} late` : text
}
const heat = seconds => (seconds < 0 ? "late" : seconds < 45 ? "hot" : seconds < 120 ? "warm" : "cool")
const timers = new WeakMap()
// Clocks tick in the browser, so that no run of the page is spent on them.
const every = (owner, run) => {
  clearInterval(timers.get(owner))
  run()
  timers.set(owner, setInterval(run, 1000))
  return () => clearInterval(timers.get(owner))
}
const skewOf = now => Date.now() / 1000 - now
const signed = (data, keys) => JSON.stringify(keys.map(k => data[k]))
