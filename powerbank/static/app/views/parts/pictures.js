// Pictures from the camera, made smaller on the phone before they travel.

const LARGEST = 2000;
const SMALL_ENOUGH = 700_000;

/** A JPEG of at most 2,000 pixels on its longer side. What the browser cannot read is sent as it is, for the server to judge. */
export async function makeSmaller(file) {
  if (file.size <= SMALL_ENOUGH && file.type === "image/jpeg") return file;
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const scale = Math.min(1, LARGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const smaller = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  return smaller && smaller.size < file.size ? new File([smaller], "photo.jpg", { type: "image/jpeg" }) : file;
}
