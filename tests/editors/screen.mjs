// The screen of Neovim, as its user interface protocol describes it.

export class Screen {
  #rows = [];

  /** Applies a message "redraw". */
  redraw(batches) {
    for (const [name, ...events] of batches) {
      for (const event of events) this.#apply(name, event);
    }
  }

  /** Returns the lines without the spaces at their ends. */
  lines() {
    return this.#rows.map((row) => row.join("").trimEnd());
  }

  #apply(name, event) {
    switch (name) {
      case "grid_resize": {
        const [, width, height] = event;
        this.#rows = Array.from({ length: height }, () => Array(width).fill(" "));
        break;
      }
      case "grid_clear":
        this.#rows.forEach((row) => row.fill(" "));
        break;
      case "grid_line": {
        let [, row, column] = event;
        for (const [text, , repeat = 1] of event[3]) {
          for (let count = 0; count < repeat; count++) this.#rows[row][column++] = text;
        }
        break;
      }
      case "grid_scroll": {
        const [, top, bottom, left, right, by] = event;
        const rows = Array.from({ length: bottom - top }, (_, index) => top + index);
        for (const row of by > 0 ? rows : rows.reverse()) {
          const from = row + by;
          if (from < top || from >= bottom) continue;
          this.#rows[row].splice(left, right - left, ...this.#rows[from].slice(left, right));
        }
        break;
      }
    }
  }
}
