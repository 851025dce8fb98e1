// @ts-check
/** Brings what a button has just opened into view. */

/**
 * Scroll as little as needed until all of `element` is seen, or its beginning where it is higher than the screen.
 * @param {Element} element
 */
export function reveal(element) {
  const fits = element.getBoundingClientRect().height <= innerHeight;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  element.scrollIntoView({ block: fits ? "nearest" : "start", behavior });
}

/** Do so with each <details> within `root` that a person opens. @param {Element} root */
export function revealOpened(root) {
  root.addEventListener("toggle", ({ target }) => {
    if (target instanceof HTMLDetailsElement && target.open && target.contains(document.activeElement)) reveal(target);
  }, true);
}
