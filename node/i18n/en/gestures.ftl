# Gestures: a sentence for the author of a story alone. Those who said one are named, and never counted.

gesture-title = Say something without words of your own
gesture-hint = Only { $name } can read it, and nobody else is shown that you said it.
gesture-with-you = With you
gesture-been-there = I've been there
gesture-thank-you = Thank you for sharing
gesture-mine-with-you = You are with { $name }.
gesture-mine-been-there = You told { $name } that you have been there.
gesture-mine-thank-you = You thanked { $name } for sharing.
gesture-back = Take it back

gestures-title = For you alone
gestures-with-you = { $count ->
    [one] { $names } is with you.
   *[other] { $names } are with you.
}
gestures-been-there = { $count ->
    [one] { $names } has been there.
   *[other] { $names } have been there.
}
gestures-thank-you = { $count ->
    [one] { $names } thanks you for sharing.
   *[other] { $names } thank you for sharing.
}
live-gesture = Show what { $name } says to you

gesture-asked = { $name } asked for listening only. Your words are still here below.
gesture-anyway = Send anyway
gesture-instead = Or make it a gesture:
gesture-kept = { $name } can read your gesture. Your words were not sent; they are still here below.

problem-own-story = This is your own story. A gesture is for somebody else's.
    .next = You can add words of your own below it.
problem-author-gone = Whoever shared this is not in the circle any more, so nobody would read it. Nothing was changed.
    .next = You can still respond, for those who are here.
