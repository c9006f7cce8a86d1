// A conversation of a venue's people or of the crew: who is writing is told as it happens, and a picture is made small
// enough for a bad network before it leaves.

const WRITES_FOR = 6_000;
const LARGEST = 1_600; // enough to read a serial number on a power bank
const SMALL_ENOUGH = 500_000; // bytes
const shown = document.querySelector("[data-typing-to]");

if (shown) {
  const { typingTo, topic, writes } = shown.dataset;
  let wrote = 0;
  let told = 0;

  document.body.addEventListener("told", ({ detail }) => {
    if (detail.topic !== topic || detail.kind !== "typing" || detail.id !== "staff") return;
    wrote = Date.now();
    shown.textContent = writes;
  });
  setInterval(() => { if (shown.textContent && Date.now() - wrote > WRITES_FOR) shown.textContent = ""; }, 1_000);

  document.getElementById("answer")?.addEventListener("input", () => {
    if (Date.now() - told < WRITES_FOR - 2_000) return;
    told = Date.now();
    fetch(typingTo, { method: "POST", headers: { "X-CSRFToken": document.body.dataset.csrf } }).catch(() => {});
  });
}

for (const input of document.querySelectorAll("[data-smaller]")) {
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file || file.size <= SMALL_ENOUGH) return;
    const picture = await createImageBitmap(file).catch(() => null); // what is no picture is refused by the server
    if (!picture) return;
    const scale = Math.min(1, LARGEST / Math.max(picture.width, picture.height));
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.round(picture.width * scale), height: Math.round(picture.height * scale),
    });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const content = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.85); });
    if (!content || input.files[0] !== file) return;
    const made = new DataTransfer();
    made.items.add(new File([content], "photo.jpg", { type: "image/jpeg" }));
    input.files = made.files;
  });
}
