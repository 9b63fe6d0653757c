// What came of a click. It stays long enough to be read, through every redraw meanwhile, and then goes by itself.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".notice")
  if (!root || !data) return
  const left = data.until - data.now
  if (root.dataset.id === data.id) return
  root.dataset.id = data.id
  clearTimeout(timers.get(parentElement))
  root.className = `root notice ${data.ok ? "good" : "sorry"}`
  root.replaceChildren(el("span", "mark", data.ok ? "✓" : "!"), el("span", "", data.text))
  root.hidden = left <= 0
  timers.set(parentElement, setTimeout(() => { root.hidden = true }, Math.max(0, left) * 1000))
}
