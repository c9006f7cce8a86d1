// Reading the code on a station with the camera. Where there is none, or it may not be used, a photo or typing does it.

import { closeCamera, makeReader, openCamera, readCodes, readPhoto } from "../../../codes.js";
import { t } from "../../language.js";
import { Icon, go, html, toast, useEffect, useRef, useState } from "../../ui.js";
import { TypeNumber, readStationNumber } from "./home.js";

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
        stream = await openCamera(video.current, () => over);
      } catch (error) {
        return setState(error.name === "NotAllowedError" ? "refused" : "none");
      }
      if (over) return undefined;
      setState("seeing");
      return readCodes(video.current, await makeReader(), () => over, (text) => { over = true; found(text); });
    })();
    return () => {
      over = true;
      closeCamera(stream);
    };
  }, []);

  const fromPhoto = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    const text = await readPhoto(file, await makeReader());
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
