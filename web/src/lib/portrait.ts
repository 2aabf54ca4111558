/** The side of a picture of a person, in pixels: 96 px on a screen of more than twice the density. */
const SIDE = 256;
const QUALITY = 0.86;

/** The file is no picture that this browser can read. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** The middle square of a picture, small enough to send. Drawn anew, so that nothing else of the file (a place, a time) goes along. */
export async function portraitOf(file: Blob): Promise<Blob> {
  const picture = await decoded(file);
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  const pen = canvas.getContext('2d');
  if (pen === null) throw new Unreadable('no canvas');
  const { x, y, side } = middleSquare(picture.width, picture.height);
  pen.imageSmoothingQuality = 'high';
  // JPEG has no transparency: what is clear becomes white, not black.
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, SIDE, SIDE);
  pen.drawImage(picture, x, y, side, side, 0, 0, SIDE, SIDE);
  picture.close();
  const webp = await encoded(canvas, 'image/webp');
  // A browser that cannot write WebP writes PNG in its place, which is large.
  return webp.type === 'image/webp' ? webp : encoded(canvas, 'image/jpeg');
}

/** The largest square in the middle; of a portrait a little above it, where the face is. */
export function middleSquare(width: number, height: number): { x: number; y: number; side: number } {
  const side = Math.min(width, height);
  return { x: (width - side) / 2, y: (height - side) / 3, side };
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch (cause) {
    throw new Unreadable(file.type, { cause });
  }
}

function encoded(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => {
        if (blob === null) reject(new Unreadable(type));
        else resolve(blob);
      },
      type,
      QUALITY,
    );
  });
}
