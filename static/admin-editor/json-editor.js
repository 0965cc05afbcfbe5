// Gives every text area with `data-json-editor` line numbers, a format button, and a check while one types.
"use strict";

(() => {
  const INDENT = "  ";

  // Browsers word errors of JSON.parse each in their own way, and some name no place: this finds it.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a string of JSON holds none
  const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
  const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

  function problemOf(text) {
    let at = 0;

    function space() {
      while (" \t\r\n".includes(text[at]) && at < text.length) {
        at += 1;
      }
    }

    function take(pattern, wanted) {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (!found?.[0]) {
        throw wanted;
      }
      at += found[0].length;
    }

    function items(end, item, wanted) {
      at += 1;
      space();
      if (text[at] === end) {
        at += 1;
        return;
      }
      for (;;) {
        item();
        space();
        if (text[at] === end) {
          at += 1;
          return;
        }
        take(/,/y, `a comma or ${end} is missing`);
        space();
        if (text[at] === end) {
          throw `${wanted} is missing after the comma`;
        }
      }
    }

    function member() {
      take(STRING, "a name in double quotes is missing");
      space();
      take(/:/y, "a colon is missing");
      value();
    }

    function value() {
      space();
      if (text[at] === "{") {
        items("}", member, "a name");
      } else if (text[at] === "[") {
        items("]", value, "a value");
      } else if (text[at] === '"') {
        take(STRING, "this text does not end, or holds what must be escaped");
      } else {
        take(SCALAR, "a value is missing");
      }
    }

    try {
      value();
      space();
      if (at < text.length) {
        throw "nothing may follow here";
      }
      return null;
    } catch (wanted) {
      if (typeof wanted !== "string") {
        return { line: 1, column: 1, words: "this is nested too deep" };
      }
      const before = text.slice(0, at).split("\n");
      return { line: before.length, column: before[before.length - 1].length + 1, words: wanted };
    }
  }

  function check(text) {
    if (!text.trim()) {
      return { words: "Empty: counts as {}" };
    }
    const place = problemOf(text);
    if (place) {
      return { broken: true, place, words: `Line ${place.line}, column ${place.column}: ${place.words}` };
    }
    const value = JSON.parse(text);
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      return { broken: true, words: "This must be one object: {…}" };
    }
    return { words: `Valid JSON · ${text.split("\n").length} ${text.includes("\n") ? "lines" : "line"}`, value };
  }

  // Typed through the browser's own editing, so that undo takes it back.
  function insert(area, text) {
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function element(tag, className, parent) {
    const made = document.createElement(tag);
    made.className = className;
    parent.append(made);
    return made;
  }

  function button(words, parent, act) {
    const made = element("button", "", parent);
    made.type = "button";
    made.textContent = words;
    made.addEventListener("click", act);
    return made;
  }

  function goTo(area, place) {
    const lines = area.value.split("\n");
    const start = lines.slice(0, place.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    area.focus();
    area.setSelectionRange(start + place.column - 1, start + place.column);
    area.scrollTop = Math.max(0, (place.line - 4) * 20);
  }

  function handleKeys(area) {
    let leaving = false;
    area.addEventListener("keydown", (event) => {
      // Escape lets the next Tab leave the field: without it a keyboard would be caught here.
      if (event.key === "Tab" && !event.shiftKey && !leaving) {
        event.preventDefault();
        insert(area, INDENT);
      } else if (event.key === "Enter" && !event.isComposing) {
        const line = area.value.slice(0, area.selectionStart).split("\n").pop();
        event.preventDefault();
        insert(area, `\n${/^\s*/.exec(line)[0]}${/[[{]\s*$/.test(line) ? INDENT : ""}`);
      }
      leaving = event.key === "Escape";
    });
  }

  function enhance(area) {
    const editor = document.createElement("div");
    editor.className = "pb-editor";
    area.replaceWith(editor);
    const body = element("div", "pb-editor-body", editor);
    const gutter = element("div", "pb-editor-lines", body);
    gutter.setAttribute("aria-hidden", "true");
    const numbers = element("div", "", gutter);
    body.append(area);
    const foot = element("div", "pb-editor-foot", editor);
    const status = element("span", "", foot);
    status.setAttribute("role", "status");
    const buttons = element("span", "flex gap-2", foot);
    let result = {};

    const find = button("Go to the problem", buttons, () => goTo(area, result.place));
    const format = button("Format", buttons, () => {
      area.focus();
      area.select();
      insert(area, JSON.stringify(result.value, null, INDENT));
      area.setSelectionRange(0, 0);
      area.scrollTop = 0;
    });
    format.title = "Indent anew. In the editor: Tab indents, Escape and then Tab leaves.";

    function refresh() {
      const count = area.value.split("\n").length;
      numbers.textContent = Array.from({ length: count }, (_, index) => index + 1).join("\n");
      result = check(area.value);
      status.textContent = result.words;
      editor.toggleAttribute("data-broken", Boolean(result.broken));
      area.setAttribute("aria-invalid", String(Boolean(result.broken)));
      format.disabled = !result.value;
      find.hidden = !result.place;
    }

    area.rows = Math.min(area.rows, Math.max(3, area.value.split("\n").length + 1));
    area.addEventListener("scroll", () => {
      numbers.style.transform = `translateY(${-area.scrollTop}px)`;
    });
    area.addEventListener("input", refresh);
    handleKeys(area);
    refresh();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("textarea[data-json-editor]").forEach(enhance);
  });
})();
