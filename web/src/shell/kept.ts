const PREFIX = 'tenfour.shell.';

/** What this device keeps of the page's layout; null where nothing is kept. */
export function kept(name: string): string | null {
  return attempt(() => localStorage.getItem(PREFIX + name));
}

export function keep(name: string, value: string): void {
  attempt(() => {
    localStorage.setItem(PREFIX + name, value);
    return null;
  });
}

/** A browser that forbids storage, or has none left, loses a width at the next visit; the settings say that it does. */
function attempt(run: () => string | null): string | null {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof DOMException) return null;
    throw cause;
  }
}
