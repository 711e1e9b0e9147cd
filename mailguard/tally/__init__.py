"""From decoded messages to findings, the inventory and the ledger.

What was judged is gathered here, of the code (``code.CodeTally``) and of captures (``captures.CaptureTally``): one cause
is one finding, with all ways by which it comes about; one mail call is one line of the inventory, with the worst of its
ways.

``policies`` says by which policy something is judged, and ``words`` what is said beside a verdict.
"""
