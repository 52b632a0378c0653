import pytest

from threadkeep_emulators.faults import Fault, Faults


def test_a_fault_strikes_the_named_call_once_and_is_used_up():
    faults = Faults()
    fault = Fault(match="chat.postMessage", kind="status", status=429, retry_after=3)
    faults.add(fault)

    assert faults.take("chat.update") is None
    assert faults.pending == (fault,)
    assert faults.take("chat.postMessage") is fault
    assert faults.take("chat.postMessage") is None
    assert faults.pending == ()


def test_a_fault_strikes_as_often_as_it_says():
    faults = Faults()
    faults.add(Fault(match="messages", kind="drop_after", times=3))

    struck = [faults.take("messages") is not None for _ in range(5)]

    assert struck == [True, True, True, False, False]


def test_a_star_matches_every_call():
    faults = Faults()
    faults.add(Fault(match="*", kind="delay", seconds=0.5, times=2))

    assert faults.take("one") is not None
    assert faults.take("two") is not None
    assert faults.take("three") is None


def test_faults_strike_in_the_order_in_which_they_were_added():
    faults = Faults()
    faults.add(Fault(match="send", kind="drop_before"))
    faults.add(Fault(match="*", kind="duplicate"))

    kinds = [fault.kind for _ in range(2) if (fault := faults.take("send"))]

    assert kinds == ["drop_before", "duplicate"]


def test_clear_forgets_what_is_left():
    faults = Faults()
    faults.add(Fault(match="*", kind="status", times=9))

    faults.clear()

    assert faults.take("anything") is None


@pytest.mark.parametrize("wrong", [{"times": 0}, {"seconds": -1.0}])
def test_a_fault_that_cannot_strike_is_refused(wrong):
    with pytest.raises(ValueError, match="a fault"):
        Fault(match="*", kind="delay", **wrong)
