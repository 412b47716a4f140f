// What the browser keeps for this person. Where storage is forbidden it lasts as long as the page.

const kept = new Map();

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export function keep(name, value) {
  const text = JSON.stringify(value);
  kept.set(name, text);
  try {
    storage()?.setItem(name, text);
  } catch {
    // Full or forbidden: the copy above serves until the page is closed.
  }
}

export function forget(name) {
  kept.delete(name);
  try {
    storage()?.removeItem(name);
  } catch {
    // The same.
  }
}

export function recall(name, otherwise) {
  try {
    const text = storage()?.getItem(name) ?? kept.get(name);
    return text === null || text === undefined ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function names(prefix) {
  const found = new Set([...kept.keys()]);
  try {
    for (const name of Object.keys(storage() ?? {})) found.add(name);
  } catch {
    // The same.
  }
  return [...found].filter((name) => name.startsWith(prefix)).sort();
}
