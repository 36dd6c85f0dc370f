// Every page loads this one module; each part attaches itself to what it finds and leaves the rest alone.
import "./time.js";
import "./toasts.js";
import "./dialogs.js";
import "./copy.js";
import "./menus.js";
import "./live.js";
import "./list.js";
import "./composer.js";
import "./keyboard.js";
import "./palette.js";
import "./talk.js";
import "./timeline.js";
