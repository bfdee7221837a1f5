"""The web applications: pages that people reach by a signed link, on a code base that forms will share."""
