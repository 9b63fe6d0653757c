// The way of a session through its stages: which, for how long, and where it stands.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".ribbon")
  if (!root || !data) return
  const out = []
  data.parts.forEach((part, i) => {
    if (i) out.push(el("span", "next", "›"))
    const box = el("button", "part")
    box.type = "button"
    box.title = "Show where this stage began"
    box.append(badge(part.name, part.color), el("span", "muted", part.text))
    box.onclick = () => setTriggerValue("turn", part.turn)
    out.push(box)
  })
  root.replaceChildren(...out)
}
