/* What a script adds to pages that are whole without it: theme, epochs, sorting, filters, hover cards, search.
   Nothing is fetched: data come as scripts that call lens.*, so that all of it works from the folder too. */
"use strict";
(() => {
  const lens = (window.lens = {});
  const html = document.documentElement;
  const all = (query, within) => Array.from((within || document).querySelectorAll(query));
  const make = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const kept = {
    get: (key) => { try { return localStorage.getItem("rivalry-" + key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem("rivalry-" + key, value); } catch { /* a private window */ } },
  };
  let root = "", page = "", main;

  html.classList.add("scripted");
  if (["light", "dark"].includes(kept.get("theme"))) html.dataset.theme = kept.get("theme");

  /* Scripts with data: each is loaded once. */
  const loading = new Map();
  const load = (address) => {
    if (!loading.has(address)) {
      loading.set(address, new Promise((resolve, reject) => {
        const script = make("script", { src: root + address.split("/").map(encodeURIComponent).join("/") });
        script.onload = () => resolve();
        script.onerror = () => { loading.delete(address); reject(new Error(address)); };
        document.head.append(script);
      }));
    }
    return loading.get(address);
  };

  /* Theme */
  const startTheme = () => {
    const dark = () => html.dataset.theme
      ? html.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.getElementById("theme")?.addEventListener("click", () => {
      html.dataset.theme = dark() ? "light" : "dark";
      kept.set("theme", html.dataset.theme);
    });
  };

  /* Epochs: earlier bodies of the page come as chunks; a page with a history moves through that. */
  const bodies = new Map();
  let epochs = [], wanted = null, shown = null, history_ = null;

  lens.receive = (address, epoch, body) => { if (address === page) bodies.set(epoch, body); };

  const epochOfHash = () => {
    const found = /^#epoch=(\d+)$/.exec(location.hash);
    return found ? Number(found[1]) : null;
  };
  const nearest = (epoch) => epoch === null ? epochs.at(-1) : epochs.filter((one) => one <= epoch).at(-1) ?? epochs[0];

  const startEpochs = () => {
    epochs = document.body.dataset.epochs.split(" ").filter(Boolean).map(Number);
    const inline = document.getElementById("history");
    history_ = inline && JSON.parse(inline.textContent);
    shown = epochs.at(-1);
    if (epochs.length > 1 && !history_) bodies.set(shown, main.innerHTML);
    const slider = document.getElementById("epoch");
    slider?.addEventListener("input", () => {
      const epoch = epochs[Number(slider.value)];
      wanted = epoch === epochs.at(-1) ? null : epoch;
      history.replaceState(null, "", wanted === null ? location.pathname + location.search : "#epoch=" + wanted);
      showEpoch(epoch);
    });
    addEventListener("hashchange", () => {
      if (/^#(epoch=|$)/.test(location.hash) || !location.hash) followHash();
    });
    for (const kind of ["mouseover", "focusin", "touchstart", "click"])
      document.addEventListener(kind, carryEpoch, { capture: true, passive: true });
  };
  const followHash = () => {
    wanted = epochOfHash();
    if (epochs.length) showEpoch(nearest(wanted));
  };

  const showEpoch = async (epoch) => {
    const slider = document.getElementById("epoch");
    if (slider) {
      const last = epoch === epochs.at(-1);
      slider.value = epochs.indexOf(epoch);
      slider.setAttribute("aria-valuetext", "epoch " + epoch);
      slider.closest(".epochs").classList.toggle("earlier", !last);
      slider.closest(".epochs").querySelector("output").textContent = "epoch " + epoch + (last ? ", the last" : "");
    }
    const before = shown;
    shown = epoch;
    if (epoch === before && !history_) return;
    if (history_) return showHistory(epoch);
    html.classList.add("waiting");
    try {
      if (!bodies.has(epoch)) {
        await load("data/" + page.replace(/\.html$/, "") + "/epoch=" + String(epoch).padStart(4, "0") + ".js");
      }
      if (shown === epoch) swap(bodies.get(epoch));
    } catch {
      notify("Epoch " + epoch + " of this page could not be read.");
    }
    if (shown === epoch) html.classList.remove("waiting");
  };

  const showHistory = (epoch) => {
    for (const [key, value] of Object.entries(history_[epoch] ?? {}))
      for (const place of all('[data-history="' + CSS.escape(key) + '"]')) place.textContent = value;
    for (const row of all("[data-epoch]", main)) {
      const current = Number(row.dataset.epoch) === epoch;
      row.classList.toggle("current", current);
      if (current) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
    }
  };

  /* The page's other body, sorted and filtered as this one was. */
  const swap = (body) => {
    const inputs = all("input[id]", main).map((one) => [one.id, one.value]);
    const sorted = all("table.sortable", main).map((one) => [one.dataset.sorted, one.dataset.order]);
    const pressed = all("[data-show][aria-pressed=true]", main).map((one) => one.dataset.show);
    main.innerHTML = body;
    enhance();
    for (const [id, value] of inputs) {
      const input = value && document.getElementById(id);
      if (input) { input.value = value; input.dispatchEvent(new Event("input", { bubbles: true })); }
    }
    for (const id of pressed) all("[data-show]", main).find((one) => one.dataset.show === id)?.click();
    all("table.sortable", main).forEach((table, number) => {
      const [column, order] = sorted[number] ?? [];
      if (column !== undefined) table.sortBy?.(Number(column), order);
    });
  };

  const carryEpoch = (event) => {
    const link = event.target.closest?.("a[href]");
    const href = link?.getAttribute("href");
    if (!href || href.startsWith("#") || /^[a-z]+:/i.test(href)) return;
    const [address, hash] = href.split("#");
    if (hash && !hash.startsWith("epoch=")) return;
    if (/\.html$/.test(address)) link.setAttribute("href", wanted === null ? address : address + "#epoch=" + wanted);
  };

  /* Tables */
  const numberOf = (text) => {
    const plain = text.replace(/[,\s%]/g, "").replace("−", "-");
    const number = parseFloat(plain);
    return Number.isNaN(number) ? null : number;
  };
  const compare = (one, other) => typeof one === "number" && typeof other === "number"
    ? one - other : String(one).localeCompare(String(other), "en", { numeric: true });
  const inOrder = (rows, value, order) => rows.map((row) => [value(row), row]).sort(([one], [other]) => {
    const none = (value) => value === null || value === undefined || value === "";
    if (none(one) || none(other)) return none(one) - none(other);
    return order === "descending" ? compare(other, one) : compare(one, other);
  }).map(([, row]) => row);

  const startTable = (table) => {
    const source = table.dataset.rows ? chunkedRows(table) : ownRows(table);
    const heads = all("thead th[data-type]", table);
    const position = (head) => Array.from(head.parentNode.children).indexOf(head);
    table.sortBy = async (column, order) => {
      for (const head of heads) head.removeAttribute("aria-sort");
      const head = heads.find((one) => position(one) === column);
      if (!head) return;
      head.setAttribute("aria-sort", order);
      Object.assign(table.dataset, { sorted: column, order });
      await source.sort(column, order, head.dataset.type);
    };
    for (const head of heads) {
      const button = make("button", { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const first = head.dataset.type === "number" ? "descending" : "ascending";
        const other = first === "descending" ? "ascending" : "descending";
        table.sortBy(position(head), head.getAttribute("aria-sort") === first ? other : first);
      });
    }
    const input = table.dataset.filter && document.querySelector(table.dataset.filter);
    input?.addEventListener("input", () => source.filter(input.value.trim().toLowerCase()));
  };

  const ownRows = (table) => {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const words = new Map();
    return {
      sort: (column, order, type) => {
        const value = (row) => {
          const cell = row.cells[column];
          const text = cell?.dataset.value ?? cell?.textContent.trim() ?? "";
          return type === "number" ? numberOf(text) : text;
        };
        body.append(...inOrder(rows, value, order));
      },
      filter: (query) => {
        for (const row of rows) {
          if (!words.has(row)) words.set(row, row.textContent.toLowerCase());
          row.hidden = !words.get(row).includes(query);
        }
      },
    };
  };

  /* Long tables: the first rows are in the page, all of them in a chunk that is loaded when they are asked for. */
  const LONG = 200;
  const tables = new Map();
  lens.rows = (address, columns, rows) => tables.set(address, { columns, rows });

  const chunkedRows = (table) => {
    const address = table.dataset.rows;
    const said = make("span", { role: "status" });
    const back = make("button", { type: "button", textContent: "Previous" });
    const on = make("button", { type: "button", textContent: "Next" });
    (table.closest(".scroll") ?? table).after(make("div", { className: "pager" }, back, on, said));
    let order = null, query = "", at = 0, given = null, words = null, count = Number(table.dataset.count ?? 0);
    const tell = () => {
      const end = Math.min(at + LONG, count);
      said.textContent = count ? "rows " + (at + 1) + "–" + end + " of " + count.toLocaleString("en") : "no such row";
      back.disabled = at === 0;
      on.disabled = end >= count;
    };
    const ready = async () => {
      if (!tables.has(address)) {
        html.classList.add("waiting");
        try { await load(address); } finally { html.classList.remove("waiting"); }
      }
      given = given ?? tables.get(address);
      words = words ?? given.rows.map((row) => row.join(" ").toLowerCase());
    };
    const render = async () => {
      try { await ready(); } catch { return notify("The further rows of this table could not be read."); }
      let rows = given.rows;
      if (query) rows = rows.filter((_, number) => words[number].includes(query));
      if (order) rows = inOrder(rows, (row) => row[order.index], order.order);
      count = rows.length;
      at = Math.min(at, Math.max(0, count - 1));
      table.tBodies[0].replaceChildren(...rows.slice(at, at + LONG).map((row) => rowOf(given.columns, row)));
      tell();
    };
    back.addEventListener("click", () => { at = Math.max(0, at - LONG); render(); });
    on.addEventListener("click", () => { at += LONG; render(); });
    tell();
    return {
      sort: async (column, way) => {
        try { await ready(); } catch { return notify("The rows of this table could not be read."); }
        const index = given.columns.map((one, number) => [one, number]).filter(([one]) => !one.hidden)[column]?.[1];
        if (index !== undefined) { order = { index, order: way }; at = 0; await render(); }
      },
      filter: (words_) => { query = words_; at = 0; render(); },
    };
  };

  const rowOf = (columns, row) => {
    const made = make("tr", {});
    columns.forEach((column, number) => {
      if (column.hidden) return;
      const cell = column.head ? make("th", { scope: "row" }) : make("td", { className: column.type });
      const words = cellText(column, row[number]);
      const address = column.href === undefined ? null : row[column.href];
      cell.append(address ? make("a", { href: root + address, textContent: words }) : words);
      made.append(cell);
    });
    return made;
  };
  const cellText = (column, value) => {
    if (value === null || value === undefined) return "–";
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (typeof value !== "number") return String(value);
    const digits = column.digits ?? (column.percent ? 1 : 0);
    const text = (column.percent ? 100 * value : value)
      .toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return text.replace("-", "−") + (column.percent ? " %" : "");
  };

  /* Switches: one of several views, or one thing on and off. */
  const startSwitches = () => {
    for (const button of all("[data-show]", main)) {
      const group = all("[data-show]", button.parentNode);
      const choose = () => {
        for (const one of group) {
          one.setAttribute("aria-pressed", String(one === button));
          const target = document.getElementById(one.dataset.show);
          if (target) target.hidden = one !== button;
        }
      };
      button.addEventListener("click", choose);
      if (button.getAttribute("aria-pressed") === "true") choose();
    }
    for (const button of all("[data-switch]", main)) {
      const apply = (on) => {
        button.setAttribute("aria-pressed", String(on));
        main.classList.toggle("no-" + button.dataset.switch, !on);
      };
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        kept.set(button.dataset.switch, on ? "on" : "off");
        apply(on);
      });
      apply(kept.get(button.dataset.switch) !== "off");
    }
  };

  /* Hover cards, by pointer and by focus. */
  const startHover = () => {
    const image = make("img", { alt: "" });
    const words = make("div", {});
    const card = make("div", { className: "hover", id: "hover", hidden: true }, image, words);
    card.setAttribute("role", "tooltip");
    document.body.append(card);
    let of = null;
    const hide = () => { of?.removeAttribute("aria-describedby"); of = null; card.hidden = true; };
    const show = (element) => {
      if (element === of) return;
      hide();
      of = element;
      const source = element.getAttribute("data-hover");
      image.hidden = !source;
      if (source) image.src = source;
      words.textContent = element.getAttribute("data-hover-text") ?? "";
      if (words.textContent) element.setAttribute("aria-describedby", "hover");
      card.hidden = false;
      place(element.getBoundingClientRect());
    };
    const place = (beside) => {
      const width = 222, height = source() ? 250 : 60;
      const left = Math.min(Math.max(8, beside.left + beside.width / 2 - width / 2), innerWidth - width - 8);
      const below = beside.bottom + 8 + height < innerHeight || beside.top < height + 8;
      card.style.left = left + "px";
      card.style.top = (below ? beside.bottom + 8 : Math.max(8, beside.top - 8 - card.offsetHeight)) + "px";
    };
    const source = () => !image.hidden;
    image.addEventListener("load", () => { if (of) place(of.getBoundingClientRect()); });
    const over = (event) => {
      const element = event.target.closest?.("[data-hover]");
      if (element) show(element); else if (of && !of.contains(document.activeElement)) hide();
    };
    document.addEventListener("mouseover", over);
    document.addEventListener("focusin", over);
    document.addEventListener("focusout", hide);
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
    addEventListener("scroll", hide, { passive: true });
  };

  /* Search: chunks by the first two letters of a word. */
  const chunks = new Map();
  let index = null;
  lens.index = (given) => { index = { layers: given.layers, keys: new Set(given.keys) }; };
  lens.words = (key, entries) => chunks.set(key, entries);

  const folded = (text) => text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "");
  const wordsOf = (text) => folded(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  const fileOf = (key) => /^[a-z0-9]+$/.test(key)
    ? key : "u" + Array.from(key, (one) => one.codePointAt(0).toString(16)).join("-");
  const KINDS = ["concept", "class", "layer", "probe", "unit"];

  const search = async (text) => {
    await load("data/search/index.js");
    const words = wordsOf(text);
    const found = new Map();
    for (const entry of unitsByNumber(text)) found.set(entry.address, entry);
    const longest = words.reduce((one, other) => other.length > one.length ? other : one, "");
    const key = Array.from(longest).slice(0, 2).join("");
    if (longest && index.keys.has(key)) {
      if (!chunks.has(key)) await load("data/search/" + fileOf(key) + ".js");
      for (const [title, kind, note, address, weight] of chunks.get(key) ?? []) {
        const own = wordsOf(title);
        if (!words.every((word) => own.some((one) => one.startsWith(word)))) continue;
        const exact = folded(title) === folded(text.trim());
        if (!found.has(address)) found.set(address, { title, kind, note, address, weight, exact });
      }
    }
    const rank = (entry) => entry.exact && entry.kind !== "unit" ? -1 : KINDS.indexOf(entry.kind);
    return Array.from(found.values()).sort((one, other) => rank(one) - rank(other) || other.weight - one.weight);
  };

  /* "layer4 17" is unit 17 of all layers whose names hold "layer4". */
  const unitsByNumber = (text) => {
    const parts = text.trim().toLowerCase().split(/\s+/);
    const number = parts.length > 1 && /^\d+$/.test(parts.at(-1)) ? Number(parts.pop()) : null;
    const layers = index.layers.filter(([name]) => parts.every((part) => part && name.toLowerCase().includes(part)));
    return layers.slice(0, 12).flatMap(([name, slug, units]) => {
      if (number === null) return [{ title: name, kind: "layer", note: units + " units", weight: 0,
        address: "layers/" + slug + ".html" }];
      return number < units ? [{ title: name + " " + number, kind: "unit", note: "", weight: 1e9,
        address: "unit/" + slug + "/" + number + ".html" }] : [];
    });
  };

  const startSearch = () => {
    const input = document.getElementById("search"), list = document.getElementById("found");
    if (!input) return;
    const live = make("div", { className: "hidden" });
    live.setAttribute("aria-live", "polite");
    input.after(live);
    let entries = [], chosen = -1, asked = 0;
    const close = () => {
      list.hidden = true; chosen = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const choose = (number) => {
      chosen = (number + entries.length) % entries.length;
      Array.from(list.children).forEach((one, at) => one.setAttribute("aria-selected", String(at === chosen)));
      list.children[chosen].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", "found-" + chosen);
    };
    const go = (entry) => { location.href = root + entry.address + (wanted === null ? "" : "#epoch=" + wanted); };
    const option = (entry, number) => {
      const made = make("li", { id: "found-" + number },
        make("span", { className: "kind", textContent: entry.kind }),
        make("span", { textContent: entry.title || "(no name)" }));
      if (entry.note) made.append(make("span", { className: "note", textContent: entry.note }));
      made.setAttribute("role", "option");
      made.setAttribute("aria-selected", "false");
      made.addEventListener("mousedown", (event) => event.preventDefault());
      made.addEventListener("click", () => go(entry));
      return made;
    };
    const update = async () => {
      const text = input.value, number = ++asked;
      if (text.trim().length < 2) { live.textContent = ""; return close(); }
      let found = [];
      try { found = await search(text); } catch { live.textContent = "The search index could not be read."; }
      if (number !== asked) return;
      entries = found.slice(0, 14);
      live.textContent = found.length ? found.length + " found" : "nothing found";
      list.replaceChildren(...entries.map(option));
      if (!entries.length) list.append(make("li", { className: "quiet", textContent: "Nothing found" }));
      list.querySelector(".quiet")?.setAttribute("role", "option");
      chosen = -1;
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    };
    input.addEventListener("focus", () => load("data/search/index.js").catch(() => {}));
    input.addEventListener("input", update);
    input.addEventListener("blur", () => setTimeout(close, 120));
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && entries.length) { event.preventDefault(); choose(chosen + 1); }
      else if (event.key === "ArrowUp" && entries.length) { event.preventDefault(); choose(chosen < 0 ? -1 : chosen - 1); }
      else if (event.key === "Enter" && entries.length && !list.hidden) go(entries[Math.max(0, chosen)]);
      else if (event.key === "Escape") { close(); input.value = ""; }
    });
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); input.focus(); }
    });
  };

  /* Notices, and a look now and then whether a server has built the site anew. */
  const notify = (words, action) => {
    document.querySelector(".notice")?.remove();
    const notice = make("div", { className: "notice", textContent: words });
    notice.setAttribute("role", "status");
    if (action) {
      const button = make("button", { type: "button", textContent: "Show" });
      button.addEventListener("click", action);
      notice.append(button);
    } else setTimeout(() => notice.remove(), 6000);
    document.body.append(notice);
  };
  let stamp = null;
  lens.built = (now, said) => {
    if (stamp !== null && now !== stamp) {
      if (document.hidden) location.reload(); else notify(said, () => location.reload());
    }
    stamp = now;
  };
  lens.watch = () => setInterval(() => {
    const script = make("script", { src: root + "data/built.js?" + Date.now() });
    script.onload = script.onerror = () => script.remove();
    document.head.append(script);
  }, 3000);

  const startFiltered = (list) => document.querySelector(list.dataset.filtered)?.addEventListener("input", (event) => {
    const query = event.target.value.trim().toLowerCase();
    for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(query);
  });

  const enhance = () => {
    all("table.sortable", main).forEach(startTable);
    all("[data-filtered]", main).forEach(startFiltered);
    startSwitches();
  };
  document.addEventListener("DOMContentLoaded", () => {
    ({ root, address: page } = document.body.dataset);
    main = document.getElementById("main");
    startTheme();
    startEpochs();
    enhance();
    startHover();
    startSearch();
    if (epochOfHash() !== null || history_) followHash();
  });
})();
