"""Describe a browser and its system by its User-Agent."""

# The first match decides, so the order matters: most browsers also claim the names of others.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
    "python-": "A Python program",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
# No browser sends a longer one.
MOST = 1000


def device_of(user_agent: str) -> str:
    """Return a description such as `Firefox on Linux`, which contains no text from the client."""
    agent = user_agent[:MOST]
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), "An unknown program")
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    return f"{browser} on {system}" if system else browser
