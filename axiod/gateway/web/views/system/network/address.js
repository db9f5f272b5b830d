// Addresses as people write them, and as the contract has them. The device checks it all again.

/** Whether a text is an IPv4 address. */
export const isIpv4 = (text) => {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
};

/** Whether a text is an IPv6 address. */
export const isIpv6 = (text) => /^[0-9a-f:.]+$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);

/** The length of a prefix: of "24", "/24" or "255.255.255.0" it is 24; undefined for what is none. */
export const prefixOf = (text) => {
  const typed = text.trim().replace(/^\//, "");
  if (/^\d{1,2}$/.test(typed)) return Number(typed) >= 1 && Number(typed) <= 32 ? Number(typed) : undefined;
  if (!isIpv4(typed)) return undefined;
  const bits = typed.split(".").map((part) => Number(part).toString(2).padStart(8, "0")).join("");
  return /^1+0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : undefined;
};

/** The subnet mask of a prefix: of 24 it is "255.255.255.0". */
export const maskOf = (prefix) =>
  [0, 8, 16, 24].map((done) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - done)))).join(".");

/** Whether a text is ADDRESS/PREFIX; `isAddress` says of which kind. */
export const isWithPrefix = (text, isAddress) => {
  const [address, prefix, ...more] = text.split("/");
  const longest = isAddress === isIpv4 ? 32 : 128;
  return more.length === 0 && isAddress(address) && /^\d{1,3}$/.test(prefix ?? "") && Number(prefix) >= 1 && Number(prefix) <= longest;
};

/** The two parts of ADDRESS/PREFIX, whatever stands there. */
export const parted = (text = "") => {
  const [address, ...prefix] = text.split("/");
  return [address, prefix.join("/")];
};

/** A list as people write it: with commas or spaces between. */
export const listOf = (text) => text.split(/[\s,;]+/).filter(Boolean);
