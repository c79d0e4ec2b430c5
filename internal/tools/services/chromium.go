package main

// chromium is the browser that the operators' pages are tested in.
var chromium = service{
	name:     "Chromium",
	variable: "CHROMIUM",
	packages: "chromium",
	find: func() string {
		return programNamed([]string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"},
			"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
	},
}
