/** What runs need only now and then (occasional.ts), loaded when it is first asked for. */
export const occasional = () => import("./occasional.ts");
