"""What an owner may have the machine do: restart Stillcam, reboot, shut down, check for a new version, update.

The web server has no rights on the machine. It sends one word over a socket, which systemd listens on as long as root
has turned `system.control` on; a small program that runs as root accepts the words of one table, and nothing else.

Read `verbs` (the table), `request` (the server's side of the socket), `helper` (root's side), `status` (the file in
which root reports progress), `source` and `update` (the git clone that Stillcam was installed from, and the installer),
then `switch` (the setting `system.control`). `helper` and `update` need only the standard library.
"""
