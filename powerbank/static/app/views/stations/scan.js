// Reading the code on a station with the camera. Where there is none, or it may not be used, a photo or typing does it.

import { t } from "../../language.js";
import { Icon, go, html, toast, useEffect, useRef, useState } from "../../ui.js";
import { TypeNumber, readStationNumber } from "./home.js";

const EVERY = 200;
const FILES = new URL("../../../vendor/", import.meta.url);

export default function View() {
  const video = useRef(null);
  const [state, setState] = useState("starting");
  const found = (text) => {
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(60); // browsers let nobody be shaken before a tap
    go(`/app/s/${encodeURIComponent(readStationNumber(text))}`, { replace: true });
  };
  useEffect(() => {
    let over = false;
    let stream = null;
    (async () => {
      if (!navigator.mediaDevices?.getUserMedia) return setState("none");
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      } catch (error) {
        return setState(error.name === "NotAllowedError" ? "refused" : "none");
      }
      if (over) return stop(stream);
      video.current.srcObject = stream;
      await video.current.play().catch(() => {});
      setState("seeing");
      const read = await makeReader();
      while (!over) {
        const text = video.current?.videoWidth ? await read(video.current) : null;
        if (text && !over) return found(text);
        await new Promise((resolve) => setTimeout(resolve, EVERY));
      }
      return undefined;
    })();
    return () => {
      over = true;
      stop(stream);
    };
  }, []);

  const fromPhoto = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    const read = await makeReader();
    const picture = await createImageBitmap(file).catch(() => null);
    const text = picture && await read(picture);
    if (text) found(text);
    else toast(t("No code is seen in this picture. Go nearer, or type the number."));
  };
  return html`<a class="back" href="/app/"><${Icon} name="back" />${t("Stations")}</a>
    <h1 tabindex="-1">${t("Scan the code")}</h1>
    <div class="finder" hidden=${["none", "refused"].includes(state)}><video ref=${video} muted playsinline aria-label=${t("Picture of the camera")}></video><i aria-hidden="true"></i></div>
    <p role="status">${{
      starting: t("Allow the camera, so that the code can be read."), seeing: t("Hold the code on the station into the frame."),
      refused: t("The camera may not be used. Take a photo of the code, or type the number under it."), none: t("There is no camera here. Take a photo of the code, or type the number under it."),
    }[state]}</p>
    <div class="hero"><${TypeNumber} /></div>
    <label class="button quiet wide"><input class="unseen" type="file" accept="image/*" capture="environment" onChange=${fromPhoto} />${t("Take a photo of the code")}</label>`;
}

const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** The browser's own reader where there is one, else jsQR, which is loaded only then. */
async function makeReader() {
  if ("BarcodeDetector" in window && (await window.BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code")) {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async (source) => (await detector.detect(source).catch(() => []))[0]?.rawValue;
  }
  await loadReader();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (source) => {
    const [width, height] = [source.videoWidth || source.width, source.videoHeight || source.height];
    const scale = Math.min(1, 800 / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(data, canvas.width, canvas.height)?.data;
  };
}

function loadReader() {
  loadReader.once ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: new URL("jsqr.js", FILES), onload: resolve, onerror: reject }));
  });
  return loadReader.once;
}
