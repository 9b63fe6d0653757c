// One sentence that must not be missed.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".banner")
  if (root && data) root.replaceChildren(el("b", "", data.text), document.createTextNode(` ${data.more}`))
}
