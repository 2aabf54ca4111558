import type { Texts } from './index.svelte';
import { refusals } from './de-refusals';
import { pluralIn } from './plural';

const plural = pluralIn('de');

export const de: Texts = {
  common: {
    appName: 'Tenfour',
    save: 'Speichern',
    cancel: 'Abbrechen',
    close: 'Schließen',
    back: 'Zurück',
    retry: 'Noch einmal versuchen',
    delete: 'Löschen',
    copy: 'Kopieren',
    copied: 'Kopiert',
    loading: 'Wird geladen …',
    more: 'Mehr',
    dismiss: 'Ausblenden',
    you: 'Du',
    openMenu: 'Menü öffnen',
    unread: (count: number) => plural(count, { one: '# ungelesene Nachricht', other: '# ungelesene Nachrichten' }),
    mentioned: 'du wurdest erwähnt',
    charactersLeft: (count: number) => plural(count, { one: 'Noch # Zeichen', other: 'Noch # Zeichen' }),
    charactersOver: (count: number) => plural(count, { one: '# Zeichen zu viel', other: '# Zeichen zu viel' }),
  },

  time: {
    today: 'Heute',
    yesterday: 'Gestern',
  },

  presence: {
    online: 'Online',
    away: 'Abwesend',
    offline: 'Offline',
  },

  refusal: (code) => {
    const said = new Map(Object.entries(refusals)).get(code);
    return said === undefined ? null : { title: said[0], advice: said[1] };
  },

  // Einrichten, Anmelden, Registrieren
  auth: {
    name: 'Name',
    password: 'Passwort',
    newPassword: 'Neues Passwort',
    showPassword: 'Passwort anzeigen',
    hidePassword: 'Passwort verbergen',
    passwordHint: 'Mindestens 8 Zeichen. Drei oder vier beliebige Wörter sind leicht zu merken und schwer zu erraten.',
    nameHint: 'So finden und sehen dich andere: Buchstaben, Ziffern, Punkte, Binde- und Unterstriche.',
    nameMissing: 'Gib deinen Namen ein.',
    nameShape: 'Nimm 1 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche.',
    passwordMissing: 'Gib dein Passwort ein.',
    passwordTooShort: 'Nimm mindestens 8 Zeichen.',
    logIn: 'Anmelden',
    logInTitle: 'Willkommen zurück',
    logInText: 'Melde dich an und mach weiter, wo du aufgehört hast.',
    logOut: 'Abmelden',
    noAccount: 'Noch kein Konto?',
    register: 'Konto anlegen',
    registerTitle: 'Leg dein Konto an',
    registerText: 'Ein Name und ein Passwort genügen.',
    registerInvitedText: 'Du bist eingeladen. Ein Name und ein Passwort genügen.',
    haveAccount: 'Schon ein Konto?',
    inviteNeededTitle: 'Nur mit Einladung',
    inviteNeededText:
      'Dieser Server nimmt neue Leute auf Einladung auf. Bitte jemanden aus der Verwaltung um einen Link.',
    closedTitle: 'Registrieren ist nicht möglich',
    closedText: 'Neue Konten legt auf diesem Server die Verwaltung an.',
    setupTitle: 'Richte deinen Server ein',
    setupText: 'Leg das erste Konto an. Es verwaltet diesen Server.',
    setUp: 'Verwaltungskonto anlegen',
    setupDoneTitle: 'Dieser Server ist schon eingerichtet',
    setupDoneText: 'Der einmalige Link ist verbraucht. Melde dich mit deinem Konto an.',
    setupLinkMissingTitle: 'Der Link ist nicht vollständig',
    setupLinkMissingText:
      'Öffne den ganzen Link, den der Server beim letzten Start ausgegeben hat, mit allem nach dem #.',
    setupNeededTitle: 'Gleich geschafft',
    setupNeededText:
      'Dieser Server hat noch keine Verwaltung. Öffne den einmaligen Link, den er beim Start ausgegeben hat.',
    goToLogIn: 'Zur Anmeldung',
    signedOutTitle: 'Du wurdest abgemeldet',
    tagline: 'Gesendet heißt gespeichert. Gelesen heißt gelesen.',
    language: 'Sprache',
    unreachable: 'Der Server antwortet nicht.',
    unreachableAdvice: 'Prüf deine Verbindung; der Knopf versucht es noch einmal.',
    waitSeconds: (count: number) =>
      plural(count, { one: 'Versuch es in # Sekunde wieder.', other: 'Versuch es in # Sekunden wieder.' }),
    waitMinutes: (count: number) =>
      plural(count, { one: 'Versuch es in # Minute wieder.', other: 'Versuch es in # Minuten wieder.' }),
  },

  settings: {
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
    signedOutOthers: (count: number) =>
      plural(count, { one: '# Sitzung abgemeldet.', other: '# Sitzungen abgemeldet.' }),
    device: (browser: string, system: string) => `${browser} auf ${system}`,
    unknownDevice: 'Unbekanntes Gerät',

    // Aussehen
    theme: 'Farben',
    themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
    density: 'Dichte',
    densities: { comfortable: 'Luftig', compact: 'Kompakt' },
    language: 'Sprache',
    languageOfBrowser: (name: string) => `Wie der Browser (${name})`,
    languageFailed: 'Die Sprache konnte nicht geladen werden. Versuch es, wenn der Server erreichbar ist.',
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
  },

  // Eine Seite, die es nicht gibt, die nicht offen ist oder nicht zu haben ist
  errors: {
    missingTitle: 'Hier ist nichts',
    missingText: 'Vielleicht ist die Adresse vertippt, oder das Ziel gibt es nicht mehr.',
    forbiddenTitle: 'Das ist nicht für dich offen',
    forbiddenText: 'Du bist kein Mitglied dieses Chats. Bitte jemanden darin, dich aufzunehmen.',
    unreachableTitle: 'Der Server antwortet nicht',
    unreachableText: 'Vielleicht startet er neu, oder dein Netz ist weg. Was du geschrieben hast, bleibt erhalten.',
    internalTitle: 'Etwas ist schiefgegangen',
    toChats: 'Zurück zu den Chats',
  },

  // Die Liste der Chats und was man mit einem Chat tut
  chats: {
    title: 'Chats',
  },

  // Mitglieder eines Chats
  members: {
    title: 'Mitglieder',
  },

  // Eine Unterhaltung: Zeilen, Eingabe, Haken, Tippen
  conversation: {
    newMessages: 'Neue Nachrichten',
  },

  // Leiste und Fenster der Verbindung
  connection: {
    connecting: 'Verbinden …',
  },

  // Benachrichtigungen auf dem Schreibtisch
  notifying: {
    newMessage: 'Neue Nachricht',
  },

  // Übersicht der Tastenkürzel
  shortcuts: {
    title: 'Tastenkürzel',
  },

  // Installieren, Aktualisieren, Start ohne Netz
  app: {
    update: 'Eine neue Version ist bereit',
  },
};
