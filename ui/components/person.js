// Who signs decisions here.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".person")
  if (root && data) root.replaceChildren(el("b", "", data.name), el("span", "muted", data.about))
}
