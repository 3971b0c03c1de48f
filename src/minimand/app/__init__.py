"""The local web page: a server on 127.0.0.1, jobs in processes of their own, and the page itself in `static`."""
