// What this browser remembers of its user: theme, language. Nothing secret, and the page works without it.

/** Return a word that was kept, or null. */
export const kept = (name) => {
  try {
    return localStorage.getItem(`axiod.${name}`);
  } catch {
    return null;
  }
};

/** Keep a word; null forgets it. */
export const keep = (name, word) => {
  try {
    if (word === null) localStorage.removeItem(`axiod.${name}`);
    else localStorage.setItem(`axiod.${name}`, word);
  } catch { /* a browser that keeps nothing forgets it with the page */ }
};
