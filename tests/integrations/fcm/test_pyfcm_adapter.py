"""What `pyfcm_adapter` uses of the inside of pyfcm is there. After an update, read both anew."""

import inspect
from importlib.metadata import version

from pyfcm import FCMNotification
from pyfcm.baseapi import BaseAPI


def test_the_version_is_the_one_whose_inside_was_read() -> None:
    assert version("pyfcm") == "2.1.1"


def test_it_takes_credentials_and_an_adapter() -> None:
    assert {"credentials", "adapter"} <= inspect.signature(FCMNotification).parameters.keys()


def test_the_address_is_made_from_the_attribute_that_is_changed() -> None:
    assert BaseAPI.FCM_END_POINT_BASE == "https://fcm.googleapis.com/v1/projects"
    assert "self.FCM_END_POINT_BASE" in inspect.getsource(BaseAPI.fcm_end_point.fget)


def test_each_thread_keeps_its_access_token_until_the_time_that_is_set_to_nought() -> None:
    session = inspect.getsource(BaseAPI.requests_session.fget)
    assert "self.thread_local.token_expiry < current_timestamp" in session
    assert "self.custom_adapter" in session or "adapter" in session


def test_it_still_sleeps_and_repeats_so_the_adapter_is_still_needed() -> None:
    assert "time.sleep" in inspect.getsource(BaseAPI.send_request)
