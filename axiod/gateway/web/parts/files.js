// Files to and from the person at the page.

/** Give a text to the person as a file. */
export const download = (name, text, type = "application/json") => {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
};

/** Copy a text; false where the browser does not let us (it does only over HTTPS and on localhost). */
export const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};
