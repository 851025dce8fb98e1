// @ts-check
/** What this browser remembers. Where storage is blocked, it remembers nothing. */

/** A value; null if there is none. @param {string} key */
export function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string | null} value  null: forget it */
export function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // blocked, or full
  }
}

/** What is on or off, by name. @param {string} key @returns {Record<string, boolean>} */
export function storedFlags(key) {
  try {
    return JSON.parse(stored(key) ?? "{}") ?? {};
  } catch {
    return {}; // not ours
  }
}

/** @param {string} key @param {string} name @param {boolean} on */
export const storeFlag = (key, name, on) => store(key, JSON.stringify({ ...storedFlags(key), [name]: on }));
