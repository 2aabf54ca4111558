import { pluralIn } from './plural';
import type { SettingsTexts } from './settings';

const plural = pluralIn('de');

export const settings: SettingsTexts = {
  title: 'Einstellungen',
  sections: 'Abschnitte der Einstellungen',
  profile: 'Profil',
  sessions: 'Sitzungen',
  appearance: 'Aussehen',
  notifications: 'Benachrichtigungen',
  about: 'Info',
  backToChats: 'Zurück zu den Chats',
  backToSettings: 'Zurück zu den Einstellungen',
  saved: 'Gespeichert.',

  // Profil
  picture: 'Bild',
  pictureHint: 'Wird quadratisch zugeschnitten. Alle, mit denen du einen Chat teilst, sehen es.',
  pictureChoose: 'Bild wählen …',
  pictureChange: 'Bild ändern …',
  pictureRemove: 'Entfernen',
  pictureUnreadable: 'Diese Datei ist kein Bild, das der Browser lesen kann. Nimm PNG, JPEG oder WebP.',
  colour: 'Farbe',
  colourHint: 'Hinter deinen Initialen, und die deines Namens in Gruppen.',
  hues: ['Rosé', 'Orange', 'Bernstein', 'Oliv', 'Grün', 'Petrol', 'Himmel', 'Blau', 'Violett', 'Rosa'],
  nameHint: 'Damit meldest du dich auch an.',
  passwordTitle: 'Passwort ändern',
  passwordOld: 'Jetziges Passwort',
  passwordChange: 'Passwort ändern',
  passwordChanged: 'Passwort geändert. Deine anderen Sitzungen wurden abgemeldet.',
  passwordOldWrong: 'Das ist nicht dein jetziges Passwort.',

  // Sitzungen
  sessionsText: 'Hier bist du angemeldet. Melde ab, was du nicht kennst, und ändere dein Passwort.',
  thisSession: 'Diese',
  lastUsed: (when: string) => `Zuletzt benutzt: ${when}`,
  signedIn: (when: string) => `Angemeldet: ${when}`,
  signOut: 'Abmelden',
  signOutOf: (device: string) => `${device} abmelden`,
  signOutOthers: 'Alle anderen abmelden',
  signedOutOthers: (count: number) => plural(count, { one: '# Sitzung abgemeldet.', other: '# Sitzungen abgemeldet.' }),
  device: (browser: string, system: string) => `${browser} auf ${system}`,
  unknownDevice: 'Unbekanntes Gerät',

  // Eigene Verbindungen, unter den Sitzungen
  connectionsTitle: 'Offene Verbindungen',
  connectionsText: 'Was von dir gerade mit diesem Server verbunden ist.',
  connectionsNone: 'Zurzeit keine.',
  thisPage: 'Diese Seite',
  connectedSince: (when: string) => `Seit: ${when}`,

  // Aussehen
  sample: 'Muster der Chatliste',
  sampleFirst: 'Der Build ist wieder grün.',
  sampleSecond: 'Mittag um halb eins?',
  theme: 'Farben',
  themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
  density: 'Dichte',
  densities: { comfortable: 'Luftig', compact: 'Kompakt' },
  language: 'Sprache',
  languageOfBrowser: (name: string) => `Wie der Browser (${name})`,
  notKept: 'Dieser Browser behält für diese Seite nichts; was du wählst, gilt nur für diesen Besuch.',

  // Benachrichtigungen und Schreiben
  desktop: 'Benachrichtigungen auf dem Schreibtisch',
  desktopHint: 'Bei Nachrichten an dich und Erwähnungen, solange diese Seite nicht vorn ist.',
  desktopDenied:
    'Der Browser verbietet dieser Seite Benachrichtigungen. Erlaub sie in den Einstellungen der Seite neben der Adresse.',
  desktopMissing: 'Dieser Browser zeigt Benachrichtigungen nur über https.',
  sound: 'Ton',
  soundHint: 'Zwei kurze Töne bei jeder Benachrichtigung.',
  writing: 'Schreiben',
  enterSends: 'Eingabetaste sendet',
  enterSendsHint: 'Umschalt+Eingabe macht eine neue Zeile. Ausgeschaltet ist es umgekehrt.',
  singleKeys: 'Kürzel aus einem Buchstaben',
  singleKeysHint: 'Etwa R für Antworten, solange kein Feld den Fokus hat.',
  sendTyping: 'Anderen zeigen, wenn ich tippe',
  sendTypingHint: 'Ausgeschaltet sieht es niemand; du siehst es weiter bei anderen.',

  // Info
  server: 'Server',
  version: 'Version',
  node: 'Knoten',
  protocol: 'Protokoll',
  address: 'Adresse',
  licence: 'Lizenz',
  secure: 'Verschlüsselt',
  secureYes: 'Ja, durch https',
  secureNo: 'Nein: einfaches http',
  everythingHere: 'Hier fehlt nichts: Benachrichtigungen, Start ohne Netz und Installieren gehen.',
  missingTitle: 'Fehlt in diesem Browser, unter dieser Adresse',
  apiDocs: 'Beschreibung der API',
  connectionPanel: 'Was der Support wissen will, steht im Fenster der Verbindung.',
};
