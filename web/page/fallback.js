// @ts-check
/**
 * Fallback for browsers that cannot run the page's modules: polls the picture. ES5, for browsers since 2018.
 *
 * page/main.js sets an attribute of <html> when it runs. If that is missing once the page has loaded (no modules, unknown
 * syntax, an interface that page/feature-check.js found missing), this script shows the picture and the reason.
 */
(function () {
  "use strict";

  var EVERY_MS = 2000;
  var AFTER_FAILURE_MS = 5000;
  var SILENCE_MS = 15000;

  var page = document.documentElement;
  var fault = "";
  var loaded = true;

  /** The error that stopped a module, in the browser's words. */
  window.addEventListener("error", function (event) {
    if (event.message) fault = fault || event.message.replace(/^Uncaught (Error: )?/, "");
    else if (event.target instanceof HTMLScriptElement) loaded = false;
  }, true);

  window.addEventListener("load", function () {
    if (!page.hasAttribute("data-runs")) begin();
  });

  function begin() {
    var place = document.querySelector(".picture");
    page.setAttribute("data-fallback", "");
    var panel = document.getElementById("live-panel");
    if (panel) panel.hidden = false;
    write("message", reason());
    write("notice", reason());
    if (place) poll(place);
  }

  function reason() {
    if (!("noModule" in HTMLScriptElement.prototype)) fault = "JavaScript modules are missing";
    if (!loaded && !fault) return "Part of the page could not be loaded: reload the page.";
    return "This browser is too old for the full page" + (fault && " (" + fault + ")") + ": it needs a browser from 2022 or later.";
  }

  /**
   * Poll for pictures as long as the page is open. The last one stays until the next has loaded.
   * A script asks for it: an image that is refused would open the browser's own dialog, each time.
   * @param {Element} place
   */
  function poll(place) {
    var request = new XMLHttpRequest();
    var here = document.createElement("a");
    var timer = setTimeout(silent, SILENCE_MS);

    here.href = "./";
    request.open("GET", "snapshot?t=" + Date.now());
    request.setRequestHeader("X-Stillcam-Base", here.pathname);
    request.responseType = "blob";
    request.onprogress = function () {
      clearTimeout(timer);
      timer = setTimeout(silent, SILENCE_MS);
    };
    request.onload = function () {
      clearTimeout(timer);
      if (request.status === 401) refused();
      else show(request.response);
    };
    request.onerror = failed;
    request.send();

    function silent() {
      request.onerror = null;
      request.abort();
      failed();
    }

    /** @param {Blob} picture */
    function show(picture) {
      var image = new Image();
      image.onload = function () {
        URL.revokeObjectURL(image.src);
        var old = place.querySelector("img");
        if (old) place.removeChild(old);
        place.appendChild(image);
        /** @type {HTMLElement} */ (place).style.setProperty("--aspect", String(image.naturalWidth / image.naturalHeight));
        showState("alone", "Picture");
        write("message", reason());
        next(EVERY_MS);
      };
      image.onerror = function () {
        URL.revokeObjectURL(image.src);
        failed();
      };
      image.alt = "The camera's picture, updated every 2 seconds";
      image.src = URL.createObjectURL(picture);
    }

    function refused() {
      showState("refused", "Not signed in");
      write("message", reason() + " Watching requires signing in" + (loaded || fault ? ", or a token in the address: " + here.href + "stream?token=TOKEN." : "."));
      next(AFTER_FAILURE_MS);
    }

    function failed() {
      clearTimeout(timer);
      showState("unreachable", "The camera does not answer");
      next(AFTER_FAILURE_MS);
    }

    /** @param {number} wait_ms */
    function next(wait_ms) {
      setTimeout(function () {
        poll(place);
      }, wait_ms);
    }
  }

  /** @param {string} state @param {string} word */
  function showState(state, word) {
    var camera = document.getElementById("camera");
    if (camera) camera.setAttribute("data-state", state);
    write("word", word);
  }

  /** @param {string} id @param {string} text */
  function write(id, text) {
    var target = document.getElementById(id);
    if (!target) return;
    if (target.textContent !== text) target.textContent = text; // else a screen reader would say it again
    target.hidden = false;
  }
})();
