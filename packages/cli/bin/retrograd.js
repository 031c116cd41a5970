#!/usr/bin/env node
// npm links a command at install, before the build has written dist/: so the link points here.
import "../dist/main.js";
