# Gesten: ein Satz allein für die Person, von der eine Geschichte ist. Wer einen sagt, wird genannt und nie gezählt.

gesture-title = Etwas sagen, ohne eigene Worte
gesture-hint = Nur { $name } kann es lesen. Niemand sonst sieht, dass du es gesagt hast.
gesture-with-you = Ich bin bei dir
gesture-been-there = Das kenne ich
gesture-thank-you = Danke, dass du das geteilt hast
gesture-mine-with-you = Du bist bei { $name }.
gesture-mine-been-there = Du hast { $name } gesagt, dass du das kennst.
gesture-mine-thank-you = Du hast { $name } fürs Teilen gedankt.
gesture-back = Zurücknehmen

gestures-title = Für dich allein
gestures-with-you = { $count ->
    [one] { $names } ist bei dir.
   *[other] { $names } sind bei dir.
}
gestures-been-there = { $count ->
    [one] { $names } kennt das.
   *[other] { $names } kennen das.
}
gestures-thank-you = { $count ->
    [one] { $names } dankt dir fürs Teilen.
   *[other] { $names } danken dir fürs Teilen.
}
live-gesture = Zeigen, was { $name } dir sagt

gesture-asked = { $name } hofft nur auf Zuhören. Deine Worte stehen noch hier unten.
gesture-anyway = Trotzdem senden
gesture-instead = Oder mache eine Geste daraus:
gesture-kept = { $name } kann deine Geste lesen. Deine Worte wurden nicht gesendet; sie stehen noch hier unten.

problem-own-story = Das ist deine eigene Geschichte. Eine Geste ist für die von jemand anderem.
    .next = Du kannst darunter eigene Worte hinzufügen.
problem-author-gone = Von wem das ist, ist nicht mehr in diesem Kreis, darum würde es niemand lesen. Nichts wurde verändert.
    .next = Du kannst trotzdem antworten, für die, die da sind.
