// Shows in a document the attention of the headline's word under the pointer, or of the focused one.
for (const article of document.querySelectorAll("article")) {
  const pieces = article.querySelectorAll(".document i");
  const show = (event) => {
    const word = event.target.closest("[data-attention]");
    for (const piece of article.querySelectorAll(".document i[style]")) piece.removeAttribute("style");
    if (!word || event.type === "mouseout" || event.type === "focusout") return;
    for (const entry of word.dataset.attention.split(" ")) {
      const [place, weight] = entry.split(":");
      if (pieces[place]) pieces[place].style.setProperty("--attention", weight);
    }
  };
  for (const kind of ["mouseover", "mouseout", "focusin", "focusout"]) article.addEventListener(kind, show);
}
