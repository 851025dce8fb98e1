// @ts-check
/**
 * Live view with low latency, where the owner has set up a WebRTC server (`live.webrtc`): its video takes the place of
 * the frames, on the same canvas. Without it, or when it stops, the frames come one by one again; it is tried again later.
 */

import { say } from "../base/toasts.js";
import { errorText } from "../base/text.js";
import { ask } from "../server/api.js";

/** @typedef {typeof import("./viewer.js").viewer} Viewer */

const CONNECT_MS = 8_000; // to the first picture; an encoder that is started on demand takes a few seconds
const GATHER_MS = 1_000; // for the addresses of this device
const STALL_MS = 4_000; // without a picture
const CHECK_MS = 500;
const AGAIN_MS = [5_000, 15_000, 60_000];
const NO_PICTURE = "The WebRTC server sends no picture.";

/**
 * Use the server for live view from now on.
 * @param {Viewer} viewer
 * @param {string} address  its WHEP endpoint, relative to the camera's address
 */
export async function useLowLatency(viewer, address) {
  let failures = 0;
  const wanted = () => viewer.feed.live && !viewer.feed.small && viewer.seen && !document.hidden;
  for (;;) {
    while (!wanted()) await pause(CHECK_MS);
    const connection = new Connection(address);
    try {
      await connection.open();
      failures = 0;
      await connection.play((video) => viewer.showVideo(video), wanted);
    } catch (error) {
      if (!failures) say(`Live view has no low latency now: ${errorText(error)} It shows single pictures meanwhile.`);
      failures += 1;
    } finally {
      viewer.showVideo(null);
      connection.close();
    }
    if (failures) await pause(AGAIN_MS[Math.min(failures, AGAIN_MS.length) - 1]);
  }
}

/** One WHEP session (RFC 9725): an offer is posted, the answer has its address, which ends it. */
class Connection {
  #address;
  #peer = new RTCPeerConnection();
  #session = "";
  #video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, autoplay: true });

  /** @param {string} address */
  constructor(address) {
    this.#address = address;
  }

  /** Connect; there is a picture when this returns. */
  async open() {
    const peer = this.#peer;
    const first = new Promise((resolve) => this.#video.addEventListener("loadeddata", resolve, { once: true }));
    peer.addEventListener("track", ({ track }) => {
      this.#video.srcObject = new MediaStream([track]);
      this.#video.play().catch(() => {}); // ended before it has begun
    });
    peer.addTransceiver("video", { direction: "recvonly" });
    await peer.setLocalDescription(await peer.createOffer());
    await Promise.race([gathered(peer), pause(GATHER_MS)]);
    const body = peer.localDescription?.sdp;
    const headers = { "Content-Type": "application/sdp" };
    const sdp = await ask(this.#address, { method: "POST", headers, body, limit_ms: CONNECT_MS }, (response) => {
      const location = response.headers.get("Location");
      this.#session = location ? new URL(location, response.url).href : "";
      return response.text();
    });
    await peer.setRemoteDescription({ type: "answer", sdp });
    await Promise.race([first, pause(CONNECT_MS).then(() => Promise.reject(new Error(NO_PICTURE)))]);
  }

  /**
   * Show its pictures as long as `wanted` is true.
   * @param {(video: HTMLVideoElement) => Promise<void>} show
   * @param {() => boolean} wanted
   * @throws {Error} they have stopped
   */
  async play(show, wanted) {
    const video = this.#video;
    let shown = -1;
    let last = performance.now();
    while (wanted()) {
      await Promise.race([painted(video), pause(CHECK_MS)]);
      const { totalVideoFrames } = video.getVideoPlaybackQuality(); // the time of a stream goes on without pictures
      if (totalVideoFrames !== shown) {
        [shown, last] = [totalVideoFrames, performance.now()];
        await show(video);
      } else if (performance.now() - last > STALL_MS) throw new Error(NO_PICTURE);
    }
  }

  close() {
    this.#peer.close();
    this.#video.srcObject = null;
    if (this.#session) ask(this.#session, { method: "DELETE", limit_ms: CONNECT_MS }, async () => {}).catch(() => {}); // it ends by itself
  }
}

/** @param {RTCPeerConnection} peer */
const gathered = (peer) =>
  new Promise((resolve) => {
    const look = () => peer.iceGatheringState === "complete" && resolve(undefined);
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });

/** The video has another picture. Firefox below 132 cannot say so. @param {HTMLVideoElement} video */
const painted = (video) =>
  new Promise((resolve) => (video.requestVideoFrameCallback ? video.requestVideoFrameCallback(resolve) : requestAnimationFrame(resolve)));

/** @param {number} ms @returns {Promise<void>} */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
