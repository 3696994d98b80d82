/* The chooser of classes and the hover cards of a figure that stands by itself. */
"use strict";
(() => {
  const choose = document.getElementById("choose");
  const all = Array.from(document.querySelectorAll("article"));
  const show = () => all.forEach((one, number) => { one.hidden = String(number) !== choose.value; });
  document.documentElement.classList.add("scripted");
  choose.addEventListener("input", show);
  show();

  const card = document.createElement("div"), image = document.createElement("img"), words = document.createElement("div");
  card.className = "hover";
  card.setAttribute("role", "tooltip");
  card.hidden = true;
  image.alt = "";
  card.append(image, words);
  document.body.append(card);
  const over = (event) => {
    const one = event.target.closest ? event.target.closest("[data-hover]") : null;
    card.hidden = !one;
    if (!one) return;
    const inside = one.querySelector("image"), source = one.dataset.hover || (inside ? inside.getAttribute("href") : "");
    image.hidden = !source;
    if (source) image.src = source;
    words.textContent = one.dataset.hoverText;
    const box = one.getBoundingClientRect();
    card.style.left = Math.min(Math.max(8, box.left + box.width / 2 - 111), innerWidth - 230) + "px";
    card.style.top = (box.bottom + 258 < innerHeight || box.top < 258 ? box.bottom + 6 : box.top - 256) + "px";
  };
  document.addEventListener("mouseover", over);
  document.addEventListener("focusin", over);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") card.hidden = true; });
})();
