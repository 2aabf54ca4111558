const TONES_HZ = [660, 880] as const;
const TONE_S = 0.09;
const LOUDNESS = 0.06;

let context: AudioContext | null = null;

/** Two short, quiet tones. Browsers keep it silent until the person has clicked or typed in the page. */
export async function chime(): Promise<void> {
  context ??= new AudioContext();
  const audio = context;
  if (audio.state === 'suspended') await audio.resume();
  TONES_HZ.forEach((hz, index) => tone(audio, hz, index * TONE_S));
}

function tone(audio: AudioContext, hz: number, after: number): void {
  const start = audio.currentTime + after;
  const gain = new GainNode(audio, { gain: 0 });
  const oscillator = new OscillatorNode(audio, { type: 'sine', frequency: hz });
  oscillator.connect(gain).connect(audio.destination);
  // A ramp at both ends: a tone that starts at full height clicks.
  gain.gain.linearRampToValueAtTime(LOUDNESS, start + 0.01);
  gain.gain.setTargetAtTime(0, start + TONE_S / 2, TONE_S / 4);
  oscillator.start(start);
  oscillator.stop(start + TONE_S * 3);
}
