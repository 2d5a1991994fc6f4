# Geschichten: lesen, teilen, antworten, zurücknehmen.

feed-title = Geschichten
feed-empty = Hier ist noch nichts. Du könntest den Anfang machen, oder ohne ein Wort da sein.
feed-earlier = Frühere Geschichten
feed-newest = Zurück zu den neuesten Geschichten
told-shared = Geteilt. Es liegt sicher auf diesem Computer und geht zu den anderen, sobald ihre Computer deinem begegnen.
told-begun = Eines solltest du aufschreiben, bevor du es brauchst: die Wörter, die dich zurückbringen, wenn dieser Computer verloren geht.
gap-mine = Du hast eine Geschichte zurückgenommen.
gap-theirs = { $name } hat eine Geschichte zurückgenommen.

live-story = Die neue Geschichte von { $name } zeigen
live-response = Zeigen, was { $name } geantwortet hat
live-gone = Dies wurde zurückgenommen, oder seither verändert.

story-title = Eine Geschichte
story-mine = Deine Geschichte
story-theirs = Geschichte von { $name }
story-edited = seither verändert
story-fades = bleibt bis { $day }
story-whole = Die ganze Geschichte lesen
story-open = { $name } antworten
story-open-mine = Ansehen, was geantwortet wurde
ask-listen = { $name } hofft auf ein offenes Ohr. Ratschläge bitte nicht.
ask-experience = { $name } möchte hören, wie es anderen ging.
ask-ideas = { $name } freut sich über Ideen.
ask-ask-first = { $name } möchte erst einmal gefragt werden.
note-says = Hinweis zum Inhalt: { $note }
note-read = Jetzt lesen
note-later = Für später lassen
note-skip = Zur nächsten Geschichte

responses-title = Was geantwortet wurde
responses-none = Noch nichts.
response-mine = Du
respond-title = { $name } antworten
respond-mine = Etwas hinzufügen
respond-label-listen = Sag etwas Liebes
respond-label-experience = Wie war es bei dir?
respond-label-ideas = Eine Idee, oder wie es bei dir war
respond-label-ask-first = Was möchtest du fragen?
respond-label-mine = Deine Worte
respond-hint-mine = Es steht unter deiner Geschichte, für alle im Kreis.
respond-do = Senden

share-title = Eine Geschichte teilen
share-text = Deine Worte
share-text-hint = So viel oder so wenig du magst. Alle im Kreis können es lesen, sonst niemand.
share-ask = Was würde dir guttun?
share-ask-listen = Zuhören, ohne Rat
share-ask-experience = Wie es anderen ging
share-ask-ideas = Ideen sind willkommen
share-ask-ask-first = Fragt mich erst
share-note = Ein Hinweis zum Inhalt, wenn er hilft
share-note-hint = Ein oder zwei Wörter, worum es geht, etwa Trauer oder Gewalt. Wer liest, sieht zuerst den Hinweis und wählt, wann es weitergeht.
share-fade = Wann verblasst sie?
share-fade-hint = Eine Geschichte, die verblasst, verschwindet von jedem Computer im Kreis.
share-fade-settled-never = Wie hier üblich: sie bleibt
share-fade-settled = { $days ->
    [one] Wie hier üblich: nach einem Tag
   *[other] Wie hier üblich: nach { $days } Tagen
}
share-fade-never = Nie
share-fade-week = Nach einer Woche
share-fade-month = Nach einem Monat
share-do = Mit dem Kreis teilen

edit-open = Dies ändern
edit-title = Ändern, was du geteilt hast
edit-words = Die neuen Worte treten an die Stelle der alten, hier sofort und auf jedem Computer der anderen, sobald er sich wieder verbindet. Was geantwortet wurde, bleibt.
edit-do = An dessen Stelle setzen
edit-keep = Lassen, wie es ist
take-back-story = Diese Geschichte zurücknehmen
take-back-response = Dies zurücknehmen
take-back-title = Dies zurücknehmen?
take-back-words = Es verschwindet hier sofort, und vom Computer jedes Mitglieds, sobald er sich wieder verbindet. Menschen erinnern sich vielleicht an das, was sie gelesen haben, und jemand könnte eine Kopie behalten haben.
take-back-do = Zurücknehmen
take-back-keep = Behalten
gone-title = Zurückgenommen
gone-here = Weg von diesem Computer, dem einzigen im Kreis.
gone-everywhere = Weg von allen { $of } Computern.
gone-some = Bisher weg von { $from } von { $of } Computern.
gone-waiting = Diese haben es noch nicht gehört:
gone-whose-me = { $count ->
    [one] ein anderer deiner Computer
   *[other] { $count } andere deiner Computer
}
gone-whose = { $count ->
    [one] der Computer von { $name }
   *[other] { $count } Computer von { $name }
}
gone-words = Du musst nichts tun. Lade diese Seite neu, um zu sehen, wie weit es ist.
