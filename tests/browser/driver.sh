# A browser for bash, after tap.sh or without it: Debian's chromium by its own driver (WebDriver over HTTP), so that no package from elsewhere is needed.

# open_browser DIRECTORY WIDTH HEIGHT: log and profile go there. Sets driver_pid; close_browser ends it.
open_browser() {
	chromedriver --port=0 >"$1/driver" 2>&1 &
	driver_pid=$!
	local tries=0
	until grep -q 'started successfully on port' "$1/driver"; do
		[ $((tries += 1)) -le 800 ] && kill -0 "$driver_pid" || { cat "$1/driver"; return 1; }
		sleep 0.1
	done
	driver=http://127.0.0.1:$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' "$1/driver")
	browser=$(drive POST '' '{"capabilities": {"alwaysMatch": {"goog:loggingPrefs": {"browser": "ALL"}, "goog:chromeOptions": {
		"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
			"--window-size='"$2,$3"'"]}}}}' | jq -r .sessionId)
	[ "${browser:-null}" != null ] || { cat "$1/driver"; return 1; }
}
close_browser() {
	drive DELETE "/$browser" >/dev/null
	kill "$driver_pid" 2>/dev/null
}

drive() { # METHOD PATH [JSON]: the value that comes back
	curl -s -m 120 -X "$1" -H 'Content-Type: application/json' ${3:+--data-binary "$3"} "$driver/session$2" | jq -c .value
}
devtools() { # COMMAND PARAMETERS: of Chromium's own protocol
	drive POST "/$browser/goog/cdp/execute" "$(jq -cn --arg cmd "$1" --argjson params "$2" '{cmd: $cmd, params: $params}')"
}
go() { drive POST "/$browser/url" "$(jq -cn --arg url "$1" '{url: $url}')" >/dev/null; }
page() { drive POST "/$browser/execute/sync" "$(jq -cn --arg script "$1" '{script: $script, args: []}')" | jq -r .; } # the script's value
shows() { [ "$(page "return Boolean($1)")" = true ]; }
# resize WIDTH HEIGHT [MOBILE]: what the page sees of the screen.
resize() { devtools Emulation.setDeviceMetricsOverride "{\"width\": $1, \"height\": $2, \"deviceScaleFactor\": 1, \"mobile\": ${3:-false}}" >/dev/null; }
colours() { devtools Emulation.setEmulatedMedia "{\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"$1\"}]}" >/dev/null; } # light or dark
picture() { # FILE.png: what is seen
	devtools Page.captureScreenshot '{"format": "png"}' | jq -r .data | base64 -d >"$1"
}
