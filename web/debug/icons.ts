// What these pages use beside the client's icons.
export { default as Minus } from '@lucide/svelte/icons/minus';
export { default as Play } from '@lucide/svelte/icons/play';
export { default as Download } from '@lucide/svelte/icons/download';
export { CircleCheck, CircleX, TriangleAlert } from '../src/parts/icons';
