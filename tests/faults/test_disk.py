"""The disk under images/ or data/ gets full, read-only or goes: the last picture stays, and all goes on afterwards."""

import subprocess

from installation import Installation
from people import PASSWORD, Client, register
from small_disk import remount, small_disk

MB = 1 << 20


def outage(camera: Installation) -> str:
    """Wait until the daemon has no place for its pictures; what it says then."""
    status = camera.daemon.until(lambda status: status["mode"] == "no camera" and status["failures"].get("disk"))
    return str(status["reason"])


def test_images_that_become_read_only_or_full_keep_their_last_picture(tmp_path):
    with small_disk(tmp_path / "images", 4 * MB) as disk, Installation(tmp_path) as camera:
        remount(disk.path, "ro")
        assert outage(camera)
        last = camera.site.until(camera.frame)
        camera.site.until(lambda: not camera.healthy())
        assert camera.frame() == last
        assert camera.status()["capture"]["reason"]
        remount(disk.path, "rw")
        camera.pictures_come()
        # Again and again: the daemon deletes its oldest frame, and the next one may fit into just that.
        while camera.daemon.ask("status")["mode"] != "no camera":
            disk.fill()
        assert camera.site.until(camera.frame)
        disk.clear()
        camera.pictures_come()
        camera.site.until(camera.healthy)
        assert len(list(disk.path.glob("camera_*.jpg"))) <= 2
        assert "Traceback" not in camera.logged() + camera.site.said()


def test_an_images_disk_that_goes_leaves_a_folder_that_does(tmp_path):
    """The frames are then in what was below it."""
    images = tmp_path / "images"
    with small_disk(images, 4 * MB), Installation(tmp_path) as camera:
        last = camera.frame()
        subprocess.run(["umount", "--lazy", images], check=True)
        camera.site.until(lambda: camera.frame() > last)
        camera.pictures_come()
        camera.site.until(camera.healthy)
        assert (images / "current.jpg").is_symlink()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "stillcam-test", images], check=True)
        camera.site.until((images / "current.jpg").is_symlink)  # and in what comes above it
        camera.pictures_come()


def test_data_on_a_full_disk_cost_no_picture_and_nothing_that_was_there(tmp_path):
    """Nobody signs in anew meanwhile: there is no room for the session. Who is known stays so."""
    with (
        small_disk(tmp_path / "data", 8 * MB) as disk,
        small_disk(tmp_path / "data/run", MB),
        small_disk(tmp_path / "data/logs", MB),
        Installation(tmp_path) as camera,
    ):
        owner = register(camera.site)
        before = (disk.path / "settings.json").read_text()
        disk.fill()
        camera.daemon.frames(3)
        assert owner.ask("/images/current.jpg")[0].status == 200
        status, answer = owner.call("/api/settings", "PATCH", {"snapshot": {"quality": 50}})
        assert (status, "No space left" in answer["error"]) == (503, True), answer
        assert (disk.path / "settings.json").read_text() == before
        wish = {"name": "Bob", "password": PASSWORD, "role": "viewer"}
        users = [owner.call("/api/users", "POST", wish | {"name": f"Bob {n}"})[0] for n in range(40)]
        assert (set(users) <= {201, 503}, users[-1]) == (True, 503)  # the database has some room of its own
        assert Client(camera.site).call("/api/session", "POST", {"name": "Ann", "password": PASSWORD})[0] == 503
        camera.site.until(camera.healthy)
        disk.clear()
        assert owner.call("/api/users", "POST", wish)[0] == 201
        names = {user["name"] for user in owner.call("/api/users")[1]["users"]}
        assert names == {"Ann", "Bob", *(f"Bob {n}" for n, status in enumerate(users) if status == 201)}
        assert owner.call("/api/settings", "PATCH", {"snapshot": {"quality": 50}})[0] == 200
        assert Client(camera.site).call("/api/session", "POST", {"name": "Ann", "password": PASSWORD})[0] == 200
        assert "Traceback" not in camera.logged() + camera.site.said()


def test_data_that_become_read_only_cost_no_picture_and_nothing_that_was_there(tmp_path):
    """What is always open for writing there lies on a disk of its own: it would keep data/ as it is."""
    with (
        small_disk(tmp_path / "data", 8 * MB) as disk,
        small_disk(tmp_path / "data/run", MB),
        Installation(tmp_path) as camera,
    ):
        owner = register(camera.site)
        before = (disk.path / "settings.json").read_text()
        remount(disk.path, "ro")
        camera.daemon.frames(3)
        status, answer = owner.call("/api/settings", "PATCH", {"snapshot": {"quality": 50}})
        assert (status, "Read-only" in answer["error"]) == (503, True), answer
        assert owner.call("/api/photos", "POST", {"kind": "photo"})[0] == 507
        assert (disk.path / "settings.json").read_text() == before
        remount(disk.path, "rw")
        assert owner.call("/api/settings", "PATCH", {"snapshot": {"quality": 50}})[0] == 200
        status, answer = owner.call("/api/photos", "POST", {"kind": "photo"})
        assert len(answer.get("items", ())) == 1, (status, answer)
        assert "Traceback" not in camera.logged() + camera.site.said()
