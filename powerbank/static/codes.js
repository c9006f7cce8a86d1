// Reads codes with a camera, for the rider's app and the crew's pages: the browser's own reader where there is one, else
// jsQR, which is loaded only then.

const JSQR = new URL("./vendor/jsqr.js", import.meta.url);
const EVERY = 200; // milliseconds between two looks at the picture
const LARGEST = 800; // pixels; a code is read from less, and sooner

/** Make a function that reads a picture or a video, and gives what the code in it says, or nothing. */
export async function makeReader(address = JSQR) {
  if ("BarcodeDetector" in window && (await window.BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code")) {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async (source) => (await detector.detect(source).catch(() => []))[0]?.rawValue;
  }
  await load(address);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (source) => {
    const [width, height] = [source.videoWidth || source.width, source.videoHeight || source.height];
    const scale = Math.min(1, LARGEST / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(data, canvas.width, canvas.height)?.data;
  };
}

/** Show the camera behind the phone in a video. Gives its stream; the browser's refusal is thrown. */
export async function openCamera(video, isOver) {
  const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } } };
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  if (isOver()) {
    closeCamera(stream);
    return null;
  }
  video.srcObject = stream;
  await video.play().catch(() => {});
  return stream;
}

export const closeCamera = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** Look at a video until `isOver`, and give each code that is seen to `found`. */
export async function readCodes(video, read, isOver, found) {
  while (!isOver()) {
    const text = video.videoWidth ? await read(video) : null;
    if (text && !isOver()) found(text);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

/** Read a photo instead of a camera. */
export async function readPhoto(file, read) {
  const picture = await createImageBitmap(file).catch(() => null);
  return picture ? read(picture) : null;
}

function load(address) {
  load.once ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject }));
  });
  return load.once;
}
