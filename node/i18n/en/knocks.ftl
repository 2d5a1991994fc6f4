# Somebody knocks, and a member says: not now. And one computer too many knocks.

aside-words = Not now puts { $name } aside on this computer, for a week at most. Nobody is told, { $name } neither, and another member can still welcome them.
aside-title = Put aside on this computer

ended-many-devices = You have eight computers in this circle, which is as many as one person may have. Take one out on another computer of yours, and then try again here. If you have none of them any more, the members can remove you and invite you again.
