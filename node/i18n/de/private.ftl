# Was ein Mitglied für sich allein behält: Entwürfe, Stummschalten, die Notfallkarte, die Stelle in den
# Geschichten.

draft-saved = Entwurf auf diesem Computer gespeichert.
draft-apart = Entwurf auf diesem Computer gespeichert. In einem anderen Fenster wurden hier andere Worte geschrieben; beide bleiben.
draft-lost = Die neuesten Worte sind nicht gespeichert: Circlet ist geschlossen oder antwortet nicht. In diesem Fenster stehen sie noch. Kopiere sie, bevor du es schließt.
draft-from = Das ist dein Entwurf, gespeichert { $day }. Nur dieser Computer hat ihn.
draft-beside = Hier wurden noch andere Entwürfe begonnen. Alle Entwürfe ansehen
draft-keep = Als Entwurf behalten
draft-drop = Diesen Entwurf verwerfen
draft-here = Deine Worte, zum Kopieren
drafts-title = Entwürfe
drafts-words = Was du zu schreiben begonnen und nicht abgeschickt hast. Es ist allein auf diesem Computer, und niemand sonst sieht es. Ein Entwurf, der abgeschickt oder verworfen wird, ist hier für immer gelöscht.
drafts-none = Keine Entwürfe.
drafts-story = Eine Geschichte
drafts-response = Eine Antwort
drafts-edit = Andere Worte für etwas, das du geteilt hast
drafts-go-on = Weiterschreiben
drafts-kept = Als Entwurf auf diesem Computer behalten.
drafts-dropped = Der Entwurf ist von diesem Computer verschwunden.
drafts-here = Hier hast du etwas zu schreiben begonnen. Es liegt auf diesem Computer.
problem-too-many-drafts = Hier sind schon so viele Entwürfe, wie Circlet aufbewahrt, darum kamen diese Worte nicht dazu.
    .next = Schicke erst einen ab oder verwirf einen, dann versuche es noch einmal.

mute-title = { $name } stummschalten
mute-words = Du siehst dann keine Geschichten und Antworten von { $name }. { $name } erfährt es nicht, und niemand sonst kann es sehen. Es gilt allein auf diesem Computer.
mute-do = { $name } stummschalten
mute-muted = Du siehst nicht, was { $name } teilt. Nur dieser Computer weiß davon.
mute-undo = Die Geschichten von { $name } wieder sehen
mute-done = Du siehst keine Geschichten von { $name }. { $name } erfährt es nicht.
mute-undone = Du siehst die Geschichten von { $name } wieder, auch die inzwischen geteilten.

feed-since = Seit du zuletzt hier warst
feed-before = Früher

crisis-title = Notfallkarte
crisis-call = Wenn du jetzt in Gefahr sein könntest, rufe an
crisis-call-none = Hier steht noch keine Nummer. Rufe im Notfall die Notrufnummer des Ortes an, an dem du bist.
crisis-people = Menschen, die ich anrufen kann
crisis-helps = Was mir hilft
crisis-agreed = Was mein Kreis vereinbart hat
crisis-checked = geprüft am { $day }
crisis-unchecked = noch nicht geprüft
crisis-alone = Diese Karte ist allein auf diesem Computer. Niemand sonst sieht sie, und sie geht auch ohne Verbindung.
crisis-print = Ist Circlet gesperrt, so ist es auch diese Karte. Drucke sie mit deinem Browser und lege sie dorthin, wo du sie findest.
crisis-edit = Die Karte ändern
crisis-fill = Die Karte ausfüllen
crisis-form-title = Deine Notfallkarte
crisis-form-words = Fülle sie aus, während es dir gut geht. Circlet bringt keine Nummern mit: Schreibe auf, welche gelten, wo du lebst, probiere jede oder schlage sie nach, und sage, an welchem Tag du das getan hast.
crisis-number = Nummer, und wem sie gehört
crisis-day = Geprüft am
crisis-call-hint = Die Notrufnummer deines Ortes, ein Sorgentelefon.
crisis-helps-hint = Ein paar Zeilen an dich selbst: was schon geholfen hat, wohin du gehen kannst.
crisis-agreed-hint = Was dein Kreis tut, wenn jemand in Gefahr ist, in deinen Worten.
crisis-save = Die Karte behalten
problem-not-a-day = Einen der Tage kann Circlet nicht lesen. Die Karte ist, wie sie war.
    .next = Schreibe ihn als Jahr, Monat und Tag, wie in 2026-05-03.
